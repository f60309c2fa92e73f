"""docs/mlflow.md followed word for word, on a small finished study."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import mlflow
import pytest
from track_store import Made, where

from mirage import track
from mirage.plan.schema.track import PASSWORD

TEXT = (Path(__file__).parents[2] / "docs/mlflow.md").read_text(encoding="utf-8")


def commands(start: str) -> list[list[str]]:
    """Returns the indented lines of the page that start so, as words."""
    lines = re.findall(rf"^    ({start}.*)$", TEXT, re.M)
    return [shlex.split(line.replace("quick", "toy"), comments=True) for line in lines]


def test_the_page_can_be_followed(
    made: Made, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(made.root)
    rebuilding, *bringing = sorted(commands("mirage track"), key=len, reverse=True)
    assert len(bringing) == 2
    for words in bringing:
        assert track.main(words[2:]) == 0
    assert "4 runs brought" in capsys.readouterr().out
    names: dict[str, object] = {}
    uri = mlflow.get_tracking_uri()
    try:
        for block in re.findall(r"^```python\n(.*?)^```", TEXT, re.M | re.S):
            exec(block.replace("quick", "toy"), names)
    finally:
        mlflow.set_tracking_uri(uri)
    shown = capsys.readouterr().out
    assert re.search(r"0 +\S+-s0 +\d", shown), "models by name and J"
    assert "[(1, 3.0), (2, 1.5), (3, 1.0)]" in shown
    assert re.search(r"coverage +100", shown), "the rate with all that is needed to doubt it"
    assert track.main(rebuilding[2:]) == 0
    for table in made.report.glob("tables/*.*"):
        assert (made.root / "rebuilt/report/tables" / table.name).read_bytes() == table.read_bytes()


def test_what_the_page_names_is_there(tracked: Made) -> None:
    assert PASSWORD in TEXT
    client = mlflow.MlflowClient(where(tracked.root).track.uri)
    (run,) = client.search_runs(["1"], "tags.model = 'mirage-s0'")
    for metric in ("loss", "j_hard", "asr_hard", "over_refusal_hard", "skills"):
        assert f"`{metric}`" in TEXT
        assert metric in run.data.metrics
    (tags,) = re.findall(r"^\| tags (.*?) \|", TEXT, re.M)
    assert set(re.findall(r"`(\w+)`", tags)) <= run.data.tags.keys()
    for prefix in re.findall(r"`(\w+)\.\*`", TEXT):
        assert any(name.startswith(f"{prefix}.") for name in run.data.params), prefix
