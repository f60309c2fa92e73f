"""Commands typed in the wrong folder or form say so and make nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from mirage.cli import run
from mirage.plan.dag import ROOT


def test_another_folder_gets_no_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["plan", "study=tiny"]) == 1
    text = capsys.readouterr().err
    assert text.startswith(f"error: This is {tmp_path}, not the root of the checkout")
    assert f"Type: cd {ROOT}, or name a folder: store=/path/to/results" in text
    assert not list(tmp_path.iterdir())
    assert run(["plan", "study=tiny", f"store={tmp_path / 'store'}"]) == 0


@pytest.mark.parametrize(
    "words", [["--study", "quick"], ["--study=quick"], ["--config", "study=quick"]]
)
def test_settings_of_a_plan_may_be_typed_as_options(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = []
    for form in (words, ["study=quick"]):
        assert run(["plan", *form, "--store", str(tmp_path)]) == 0
        said.append(capsys.readouterr().out.split("\n\n")[0])
    assert said[0] == said[1]
    assert said[0].startswith("study quick,")


def test_an_option_that_nobody_has(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(["plan", "--frobnicate"])
    assert "there is no option --frobnicate. See: mirage plan --help" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run(["plan", "--jbos"])
    assert "there is no option --jbos; did you mean --jobs?" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["plan", "--cores", "0"],
        ["plan", "--cores", "-2"],
        ["serve", "served_oracle", "--port", "99999"],
        ["serve", "served_oracle", "--port", "-1"],
        ["data", "check", "mine", "--max-words", "-1"],
        ["data", "check", "mine", "--max-words", "many"],
    ],
)
def test_numbers_beyond_their_limits(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(words)
    assert ended.value.code == 2
    assert "is no whole number" in capsys.readouterr().err


def test_the_form_without_dashes_is_that_of_plan_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(["verify", "--study=quick"])
    assert "there is no option --study=quick" in capsys.readouterr().err
