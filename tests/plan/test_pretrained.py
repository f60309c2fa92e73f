"""Pretrained models of conf/model: where they lie, Table 7, how their pictures are cut."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from build_settings import load
from mirage.cli import run
from mirage.cli.pretrained import pretrained_lines
from mirage.plan.builder import Builder
from mirage.plan.jobs import plan_jobs
from mirage.plan.schema.model import Model
from mirage.plan.site import read_site
from mirage.plan.study.compose import CONF
from mirage.plan.study.problems import PlanError
from mirage.plan.study.resolve import resolve

COMMIT, OTHER = "1" * 40, "2" * 40
TABLE_7 = {
    "qwen2_vl_7b": {"mis_vlguard_r": (3, 1e-5), "mis_mirage": (3, 2e-6)},
    "llava_onevision_7b": {
        "mis_textual_sft": (3, 2e-5),
        "mis_vlguard_r": (3, 5e-6),
        "mis_mirage": (3, 5e-6),
    },
    "internvl2_5_8b": {
        "mis_textual_sft": (2, 2e-5),
        "mis_textual_sft_plus": (2, 2e-5),
        "mis_vlguard_p": (3, 5e-6),
        "mis_vlguard_p_plus": (3, 5e-6),
        "mis_vlguard_r": (3, 5e-6),
        "mis_vlguard_r_plus": (3, 5e-6),
        "mis_vlguard_r_75": (3, 5e-6),
        "mis_mirage_general_0": (2, 5e-6),
        "mis_mirage": (2, 5e-6),
    },
}
"""Of the paper: base -> recipe -> epochs and learning rate."""


@pytest.fixture(autouse=True)
def nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.chdir(tmp_path)


def weights(folder: Path, kind: str = "qwen2_vl") -> Path:
    """A folder whose files say that they are a model."""
    folder.mkdir(parents=True)
    about = {"dtype": "F32", "shape": [5, 1], "data_offsets": [0, 20]}
    head = json.dumps({"model.language_model.embed_tokens.weight": about}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(head)) + head + b"\0" * 20)
    model = {"type": "BPE", "vocab": dict.fromkeys("abcd", 0)}
    tokenizer = {"model": model, "added_tokens": [{"id": 4, "content": "<image>"}]}
    for name, plain in (
        ("config.json", {"model_type": kind, "image_token_id": 4}),
        ("tokenizer.json", tokenizer),
        ("tokenizer_config.json", {}),
    ):
        (folder / name).write_text(json.dumps(plain))
    return folder


def cached(root: Path, commit: str, main: bool = True, kind: str = "qwen2_vl") -> Path:
    """A copy of the hub's model ``lab/tiny`` in the local cache."""
    repository = root / "hub" / "models--lab--tiny"
    if main:
        (repository / "refs").mkdir(parents=True, exist_ok=True)
        (repository / "refs/main").write_text(commit)
    return weights(repository / "snapshots" / commit, kind)


def option(root: Path, source: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Writes a model ``big`` into a user's folder; returns what stands behind ``--config``."""
    file = root / "mine/conf/model/big.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    needs = {"memory_mb": 1000, "minutes": 1.0}
    plain = {"name": "big", "tag": "big", "made": "import", "source": dict(source), **more}
    plain["resources"] = dict.fromkeys(("base", "recipe", "respond"), needs)
    file.write_text(yaml.safe_dump(plain))
    chosen = {"study": "tiny", "model": "big", "recipe": "[mirage,vlguard_p]", "suite": "hard"}
    return {**chosen, "extra": str(root / "mine"), "hydra": "study.helpers=[]"}


def planned(config: Mapping[str, Any]) -> Builder:
    return plan_jobs(resolve(config), lambda stage, _: stage, read_site())


def settings(built: Builder, kind: str, name: str) -> dict[str, Any]:
    (job,) = [j for j in built.jobs.values() if j.kind == kind and j.name == f"{name}-big-s0"]
    return dict(job.settings)


IMPORTED = sorted(
    path.stem for path in (CONF / "model").glob("*.yaml") if "\nsource:" in path.read_text()
)


@pytest.mark.parametrize("name", IMPORTED)
def test_each_is_valid_and_says_the_next_command_where_it_lacks(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = load(f"model/{name}.yaml")
    folder = plain["source"]["path"].removeprefix("${oc.env:MIRAGE_MODELS,models}/")
    model = Model.model_validate(plain)
    assert model.made == "import" and model.source is not None and model.tag == name
    assert "/" not in folder and model.source.hub and model.source.revision is None
    monkeypatch.setenv("MIRAGE_MODELS", "/no/models")
    said = f"Neither the folder /no/models/{folder} nor a copy of {model.source.hub}"
    with pytest.raises(PlanError, match=said):
        resolve({"study": "tiny", "model": name})
    assert run(["model", "check", name]) == 1
    assert f"hf download {model.source.hub}" in capsys.readouterr().err


def test_the_papers_table_7() -> None:
    for name, recipes in TABLE_7.items():
        tuned = load(f"model/{name}.yaml")["tuned"]
        assert {r: (tuned[r]["epochs"], tuned[r]["learning_rate"]) for r in recipes} == recipes
    names = [set(load(f"model/{name}.yaml")["tuned"]) for name in TABLE_7]
    assert names[0] == names[1] == names[2]


def test_a_folder_comes_before_the_hubs_cache(tmp_path: Path) -> None:
    source = {"path": "models/tiny", "hub": "lab/tiny"}
    snapshot = cached(tmp_path, COMMIT)
    config = option(tmp_path, source)
    (model,) = resolve(config).models
    assert model.source is not None
    assert (model.source.path, model.source.digest) == (str(snapshot), COMMIT)
    cached(tmp_path, OTHER)
    (model,) = resolve(config).models
    assert model.source is not None and model.source.digest == OTHER
    weights(tmp_path / "models/tiny")
    (model,) = resolve(config).models
    assert model.source is not None
    assert model.source.path == str(tmp_path / "models/tiny")
    assert model.source.digest not in (COMMIT, OTHER)


def test_a_pinned_commit(tmp_path: Path) -> None:
    cached(tmp_path, COMMIT)
    config = option(tmp_path, {"hub": "lab/tiny", "revision": OTHER})
    with pytest.raises(PlanError, match=f"hf download lab/tiny --revision {OTHER}"):
        resolve(config)
    snapshot = cached(tmp_path, OTHER, main=False)
    (model,) = resolve(config).models
    assert model.source is not None and model.source.path == str(snapshot)


@pytest.mark.parametrize("main", ["../../evil", "main", ""])
def test_a_cache_that_names_no_commit(tmp_path: Path, main: str) -> None:
    cached(tmp_path, COMMIT)
    (tmp_path / "hub/models--lab--tiny/refs/main").write_text(main)
    (tmp_path / "hub/models--lab--tiny/evil").mkdir()
    with pytest.raises(PlanError, match="No copy of lab/tiny"):
        resolve(option(tmp_path, {"hub": "lab/tiny"}))


def test_other_forms_are_converted_once(tmp_path: Path) -> None:
    source = {"path": "models/tiny-hf", "hub": "lab/tiny", "convert": "internvl_chat"}
    cached(tmp_path, COMMIT, kind="internvl_chat")
    config = option(tmp_path, source)
    with pytest.raises(PlanError, match=r"once with: mirage model convert .*tiny-hf"):
        resolve(config)
    weights(tmp_path / "models/tiny-hf", "internvl")
    (model,) = resolve(config).models
    assert model.architecture == "internvl"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({}, "give path, hub, or both"),
        ({"path": "a", "revision": COMMIT}, "revision is a commit of hub"),
        ({"hub": "a/b", "convert": "internvl_chat"}, "give both"),
        ({"hub": "a/b", "revision": "main"}, "should have the form"),
    ],
)
def test_sources_that_say_too_little(tmp_path: Path, source: dict[str, str], said: str) -> None:
    with pytest.raises(PlanError, match=said):
        resolve(option(tmp_path, source))


def test_minicpm_is_refused_with_the_reason() -> None:
    with pytest.raises(PlanError, match=r"MiniCPM-V 2\.6 runs code of its own"):
        resolve({"study": "tiny", "model": "minicpm_v_2_6"})


def test_table_7_replaces_what_the_recipe_says(tmp_path: Path) -> None:
    source = {"path": str(weights(tmp_path / "big"))}
    plain = planned(option(tmp_path, source))
    tuned = {"mirage": {"epochs": 7, "learning_rate": 2.0e-6}}
    built = planned(option(tmp_path, source, tuned=tuned))
    how = settings(built, "recipe", "mirage")["recipe"]["tune"]
    assert (how["epochs"], how["learning_rate"]) == (7, 2e-6)
    others = [settings(each, "recipe", "vlguard_p") for each in (plain, built)]
    assert others[0] == others[1] and others[0]["recipe"]["tune"]["epochs"] != 7
    bases = [settings(each, "base", "base") for each in (plain, built)]
    assert bases[0] == bases[1]


def test_tuned_names_recipes_that_exist(tmp_path: Path) -> None:
    source = {"path": str(weights(tmp_path / "big"))}
    tuned = {"miragee": {"epochs": 7, "learning_rate": 2.0e-6}}
    with pytest.raises(PlanError, match="no recipe miragee; did you mean 'mirage'"):
        resolve(option(tmp_path, source, tuned=tuned))


def test_pictures_of_training_and_test_are_settings_of_their_own(tmp_path: Path) -> None:
    source = {"path": str(weights(tmp_path / "big", "internvl"))}
    both = {"train": {"tiles": 6, "share": True}, "test": {"tiles": 4, "label": "Image-{n}: "}}
    plain, built = planned(option(tmp_path, source)), planned(option(tmp_path, source, images=both))
    assert settings(built, "recipe", "mirage")["images"] == both["train"]
    assert settings(built, "respond", "mirage")["images"] == both["test"]
    assert settings(built, "respond", "base")["images"] == both["test"]
    assert "images" not in settings(plain, "recipe", "mirage")
    assert "images" not in settings(plain, "respond", "mirage")
    more = {**both, "test": {"tiles": 12}}
    again = planned(option(tmp_path, source, images=more))
    folders = [
        {j.folder for j in each.jobs.values() if j.stage == "tune"} for each in (built, again)
    ]
    assert folders[0] == folders[1]  # another test trains nothing anew
    assert built.experiments != again.experiments != plain.experiments


@pytest.mark.parametrize(
    ("kind", "images", "said"),
    [
        ("qwen2_vl", {"test": {"tiles": 4}}, "test.tiles: a qwen2_vl takes min_pixels, max_pixels"),
        ("llava_onevision", {"train": {"max_pixels": 9}}, "a llava_onevision takes none of these"),
        ("llava_onevision", {"test": {"label": "{n}: "}}, "a llava_onevision takes none of these"),
        ("internvl", {"train": {"share": True}}, "share needs tiles"),
        ("internvl", {"train": {"label": "Image: "}}, "label should hold {n}"),
        ("qwen2_vl", {"train": {"min_pixels": 9, "max_pixels": 4}}, "more than max_pixels"),
    ],
)
def test_pictures_as_a_class_cannot_show_them(
    tmp_path: Path, kind: str, images: dict[str, Any], said: str
) -> None:
    source = {"path": str(weights(tmp_path / "big", kind))}
    with pytest.raises(PlanError, match=said):
        resolve(option(tmp_path, source, images=images))


def test_the_plan_says_how_models_are_tuned_and_shown_pictures(tmp_path: Path) -> None:
    source = {"path": str(weights(tmp_path / "big", "internvl"))}
    tuned = {"mirage": {"epochs": 2, "learning_rate": 5.0e-6}}
    images = {"train": {"tiles": 6, "share": True}, "test": {"tiles": 4}}
    built = planned(option(tmp_path, source, tuned=tuned, images=images))
    lines = pretrained_lines(built.jobs)
    assert "mirage-big: 2 epochs, peak rate 5e-06" in lines
    assert "base-big: pictures in the test: tiles 4" in lines
    said = "pictures in training: tiles 6, share; otherwise in the test: tiles 4"
    assert f"mirage-big, vlguard_p-big: {said}" in lines


def test_the_check_names_a_model_of_the_suite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIRAGE_MODELS", str(tmp_path / "models"))
    weights(tmp_path / "models/Qwen2-VL-7B-Instruct")
    assert run(["model", "check", "qwen2_vl_7b"]) == 0
    assert "Use it with: the command at the top of conf/model/qwen2" in capsys.readouterr().out
    assert run(["model", "check", "nano_internvl"]) == 1
    assert "trained here, from nothing" in capsys.readouterr().err
