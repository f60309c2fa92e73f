from __future__ import annotations

import json
import multiprocessing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirage.contracts import DataError
from mirage.stores import TokenStore

WRITERS, BATCHES = 4, 25


@given(
    st.lists(st.tuples(st.integers(0, 3), st.lists(st.integers(0, 5), max_size=4)), max_size=12),
    st.text(max_size=4),
)
def test_whoever_stores_a_key_first_is_final(
    tmp_path_factory: pytest.TempPathFactory, appends: list[tuple[int, list[int]]], text: str
) -> None:
    folder = tmp_path_factory.mktemp("stores") / "store"
    writers = [TokenStore(folder) for _ in range(4)]
    want: dict[str, dict[str, Any]] = {}
    for turn, (writer, keys) in enumerate(appends):
        rows = [{"key": str(key), "turn": turn, "text": text} for key in keys]
        writers[writer].append(rows)
        for row in rows:
            want.setdefault(str(row["key"]), row)
        assert TokenStore(folder).load() == want
    assert list(TokenStore(folder).load()) == list(want)


@given(st.data())
def test_a_line_that_a_kill_tore_is_as_if_never_written(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("stores")
    TokenStore(folder, "first").append([{"key": "a", "text": "one\u2028line"}])
    path = folder / "first.jsonl"
    whole = path.read_bytes()
    TokenStore(folder, "first").append([{"key": "b", "text": "\udcff"}])
    length = data.draw(st.integers(len(whole), path.stat().st_size - 1))
    path.write_bytes(path.read_bytes()[:length])
    assert list(TokenStore(folder).load()) == ["a"]
    TokenStore(folder).append([{"key": "b", "text": "second"}])
    assert TokenStore(folder).load()["b"]["text"] == "second"


@pytest.mark.parametrize(
    "line", ["{", "[1]", '{"order": 0}', "[" * 100_000, '{"key": "x"}', "\xff"]
)
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    TokenStore(tmp_path, "one").append([{"key": "a"}])
    path = tmp_path / "one.jsonl"
    path.write_bytes(line.encode("latin-1") + b"\n" + path.read_bytes())
    with pytest.raises(DataError, match=r"one\.jsonl, line 1: .*Remove .* snakemake"):
        TokenStore(tmp_path).load()


def test_an_empty_store_makes_no_folder(tmp_path: Path) -> None:
    store = TokenStore(tmp_path / "store")
    assert store.load() == {}
    store.append([])
    assert not store.folder.exists()


@pytest.mark.parametrize("row", [{}, {"key": 1}, {"key": "a", "order": 3}])
def test_a_row_needs_a_key(tmp_path: Path, row: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="string 'key'"):
        TokenStore(tmp_path).append([row])


def test_a_writer_whose_write_failed_goes_on_in_a_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = TokenStore(tmp_path, "one")
    store.append([{"key": "a"}])

    def full(handle: int) -> None:
        (tmp_path / "one.jsonl").write_bytes((tmp_path / "one.jsonl").read_bytes()[:-3])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("mirage.stores.os.fsync", full)
        with pytest.raises(OSError, match="No space"):
            store.append([{"key": "b"}])
    assert list(TokenStore(tmp_path).load()) == ["a"]
    store.append([{"key": "b"}])
    assert list(TokenStore(tmp_path).load()) == ["a", "b"]


def fill(folder: Path, writer: int) -> None:
    store = TokenStore(folder)
    for batch in range(BATCHES):
        store.append({"key": f"{batch}-{i}", "writer": writer} for i in range(20))


def test_processes_write_at_the_same_time(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=fill, args=(tmp_path, n)) for n in range(WRITERS)]
    for process in processes:
        process.start()
    seen: dict[str, dict[str, Any]] = {}
    while any(process.is_alive() for process in processes):
        now = TokenStore(tmp_path).load()
        assert seen.keys() <= now.keys()
        seen = now
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert len(TokenStore(tmp_path).load()) == BATCHES * 20
    files = sorted(tmp_path.iterdir())
    assert len(files) == WRITERS
    for path in files:
        assert len([json.loads(line) for line in path.read_text().splitlines()]) == BATCHES * 20
