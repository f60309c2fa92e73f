from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mirage.tune import checkpoint
from mirage.tune.optim import build_optimizer


def make(run: Path, step: int, sealed: bool = True) -> Path:
    folder = run / f"checkpoint-{step}"
    (folder / "global_step").mkdir(parents=True)
    (folder / "weights").write_bytes(b"w" * 100)
    (folder / "global_step/optimizer").write_bytes(b"o" * 50)
    if sealed:
        checkpoint.seal(folder)
    return folder


def test_the_last_whole_checkpoint_counts(tmp_path: Path) -> None:
    run = tmp_path / "old/run"
    make(run, 90)
    make(run, 100)
    (make(run, 110) / "weights").write_bytes(b"w" * 99)
    (make(run, 120) / "global_step/optimizer").write_bytes(b"x" * 50)
    (make(run, 130) / "weights").unlink()
    make(run, 140, sealed=False)
    (make(run, 150) / checkpoint.SEAL).write_text('{"weights": [10')
    make(run, 1).rename(run / "checkpoint-new")
    checkpoint.inherit({tmp_path / "old": True}, tmp_path / "new")
    assert [p.name for p in (tmp_path / "new/run").iterdir()] == ["checkpoint-100"]
    assert checkpoint.newest(tmp_path / "new/run") == tmp_path / "new/run/checkpoint-100"


def test_room_is_made_without_losing_the_last_sealed_one(tmp_path: Path) -> None:
    for step in (5, 80, 100):
        make(tmp_path, step)
    make(tmp_path, 110, sealed=False)
    checkpoint.make_room(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-100"]
    (tmp_path / "checkpoint-100" / checkpoint.SEAL).unlink()
    checkpoint.make_room(tmp_path)
    assert not list(tmp_path.iterdir())
    checkpoint.make_room(tmp_path / "absent")


def test_nothing_to_go_on_from(tmp_path: Path) -> None:
    assert checkpoint.newest(tmp_path / "absent") is None
    make(tmp_path, 5, sealed=False)
    assert checkpoint.newest(tmp_path) is None


def network() -> torch.nn.Module:
    torch.manual_seed(0)
    model = torch.nn.Module()
    model.model = torch.nn.Module()
    model.model.vision_tower = torch.nn.Sequential(torch.nn.Linear(6, 6), torch.nn.LayerNorm(6))
    model.model.language_model = torch.nn.ModuleDict({"embed_tokens": torch.nn.Embedding(5, 6)})
    return model


def step(model: torch.nn.Module, optimizer: torch.optim.Optimizer, seed: int) -> None:
    torch.manual_seed(seed)
    tower, words = model.model.vision_tower, model.model.language_model["embed_tokens"]
    tower(words(torch.randint(0, 5, (7,)))).square().sum().backward()
    optimizer.step()
    optimizer.zero_grad()


def test_muon_takes_inner_matrices_only_and_its_state_survives(tmp_path: Path) -> None:
    models = [network(), network()]
    pairs = [build_optimizer(model, "muon", 1e-2, 0.1, 2e-2) for model in models]
    muon, matrices, vectors = pairs[0].param_groups
    assert [p.shape for p in muon["params"]] == [(6, 6)]
    assert [p.shape for p in matrices["params"]] == [(5, 6)]
    assert len(vectors["params"]) == 3 and vectors["weight_decay"] == 0.0
    for seed in range(4):
        step(models[0], pairs[0], seed)
    for seed in range(2):
        step(models[1], pairs[1], seed)
    torch.save(pairs[1].state_dict(), tmp_path / "optimizer.pt")
    again = build_optimizer(models[1], "muon", 1e-2, 0.1, 2e-2)
    again.load_state_dict(torch.load(tmp_path / "optimizer.pt", weights_only=True))
    for seed in range(2, 4):
        step(models[1], again, seed)
    pairs_of = zip(models[0].parameters(), models[1].parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs_of)


def test_a_new_try_inherits_the_last_whole_checkpoint_of_each_run(tmp_path: Path) -> None:
    first, second, work = (tmp_path / name for name in ("first", "second", "new"))
    make(first / "vision", 8)
    make(first / "joint", 4)
    make(first / "joint", 8)
    make(second / "joint", 12)
    cut = make(second / "joint", 16)
    (cut / "weights").write_bytes(b"x" * 100)
    make(second / "joint", 20, sealed=False)
    (second / "out").mkdir()
    work.mkdir()
    before = sorted(second.rglob("*"))
    checkpoint.inherit({first: True, second: False}, work)
    assert sorted(p.relative_to(work).as_posix() for p in work.glob("*/*")) == [
        "joint/checkpoint-12",
        "vision/checkpoint-8",
    ]
    assert checkpoint.newest(work / "joint") == work / "joint/checkpoint-12"
    # What a process that may still live has written stays as it is; what a dead one left goes.
    assert sorted(second.rglob("*")) == before
    assert not first.exists()
    links = [work / "joint/checkpoint-12/weights", second / "joint/checkpoint-12/weights"]
    assert links[0].stat().st_ino == links[1].stat().st_ino


def test_checkpoints_are_copied_where_files_cannot_be_linked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", no_links)
    make(tmp_path / "first/run", 4)
    checkpoint.inherit({tmp_path / "first": False}, tmp_path / "new")
    assert checkpoint.newest(tmp_path / "new/run") == tmp_path / "new/run/checkpoint-4"
