"""Base, release, tuning, evidence: the order of study ``confirm``, at the smallest size."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from toy_checkout import Checkout, leave_tracking_out, make_checkout

CHANGES = {
    "name: tiny": "name: ordered",
    "recipes: [mirage, mirage_twins]": "recipes: [mirage]",
    "helpers: [placebo]": "helpers: []",
    "bases: scratch": "bases: required",
    "[easy, hard, gates, placebo]": "[easy, gates]",
}


@pytest.fixture
def checkout(tiny_run: Checkout, tmp_path: Path) -> Checkout:
    """A checkout with a study that requires released bases, and a store with a base trained."""
    made = make_checkout(tmp_path / "first", "ordered")
    leave_tracking_out(made.root)
    text = (made.root / "conf/study/tiny.yaml").read_text()
    for old, new in CHANGES.items():
        assert old in text
        text = text.replace(old, new)
    kept = [line for line in text.splitlines() if "twins." not in line and "placebo." not in line]
    (made.root / "conf/study/ordered.yaml").write_text("\n".join(kept) + "\n")
    shutil.copytree(tiny_run.root / "results", made.root / "results", symlinks=True)
    return made


@pytest.mark.real
def test_released_then_tuned_then_packed_then_reported_elsewhere(
    checkout: Checkout, tmp_path: Path
) -> None:
    assert "before its base is released" in checkout.snakemake(fails=True)
    checkout.run("mirage", "release", "--study", "tiny", "--with-failed-gates")
    assert "trained here" not in checkout.snakemake()
    checkout.run("mirage", "evidence", "pack", "--study", "ordered")
    elsewhere = make_checkout(tmp_path / "second", "ordered")
    for name in ("conf", "bases", "evidence"):
        shutil.copytree(checkout.root / name, elsewhere.root / name, dirs_exist_ok=True)
    out = elsewhere.root / "rebuilt"
    said = elsewhere.run("mirage", "evidence", "unpack", "--study", "ordered", "--out", str(out))
    assert "warning" not in said and not list(out.rglob("*.safetensors"))
    ours, theirs = (root / "report/ordered" for root in (checkout.root / "results", out))
    names = {path.relative_to(ours) for path in ours.rglob("*") if path.is_file()}
    assert names == {path.relative_to(theirs) for path in theirs.rglob("*") if path.is_file()}
    same = {name for name in names if (ours / name).read_bytes() == (theirs / name).read_bytes()}
    assert names - same == {Path("manifest.json"), Path("provenance.html")}
