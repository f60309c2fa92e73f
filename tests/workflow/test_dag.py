"""The whole DAG with toy stages: what runs, what does not run again, and what ends a run."""

from __future__ import annotations

import json

import pytest
from toy_checkout import Checkout

JOBS = 22
"""images; data of base and two recipes; two suites, two fit suites; 3 tune, 3 respond, 3 ends."""


def test_a_whole_run_then_nothing_to_do(checkout: Checkout) -> None:
    text = checkout.snakemake()
    assert len(checkout.runs) == len(set(checkout.runs)) == JOBS
    assert checkout.runs[-1] == "report/toy"
    assert "tables: results/report/toy/tables/" in text
    again = checkout.snakemake()
    assert "Nothing to be done" in again
    assert "tables: results/report/toy/tables/" in again
    assert len(checkout.runs) == JOBS


def test_a_changed_setting_runs_its_chain_and_back_costs_nothing(finished: Checkout) -> None:
    first = finished.files()
    override = "hydra=recipe.mirage.tune.epochs=7"
    text = finished.run("mirage", "plan", "study=toy", override)
    assert "recipe.tune.epochs: 2 -> 7" in text
    assert f"6 of {JOBS} jobs would run" in text
    finished.snakemake(override)
    stages = ("tune/", "respond/", "judge/oracle-", "score/oracle-")
    again = [f"{stage}mirage-s0" for stage in stages]
    assert finished.runs[JOBS:] == [*again, "score/toy-oracle", "report/toy"]
    finished.snakemake()
    assert len(finished.runs) == JOBS + 6
    assert first.items() <= finished.files().items()


def test_manifests_say_what_was_made(finished: Checkout) -> None:
    (path,) = (finished.root / "results/tune").glob("base-s0-*/manifest.json")
    manifest = json.loads(path.read_text())
    assert manifest["settings"]["seed"] == 0
    assert set(manifest["files"]) == {"tables/threads.csv", "text.txt"}
    assert (path.parent / "tables/threads.csv").read_text() == "1"
    assert manifest["timing"]["wall"] >= manifest["timing"]["work"] >= 0
    assert not list((finished.root / "results/work").glob("*"))
    shown = finished.run("mirage", "show", "tune/base-s0", "--verify")
    assert "finished: 2 files" in shown
    assert "DAMAGED" not in shown
    (path.parent / "text.txt").write_text("0" * 64)
    assert "was changed after it was made" in finished.run(
        "mirage", "show", "tune/base-s0", "--verify", fails=True
    )


def test_a_configuration_error_is_a_list_without_traceback(checkout: Checkout) -> None:
    text = checkout.run(
        "snakemake", "--config", "study=toy", "recipe=mirag", "hydra=tune.x=1", fails=True
    )
    assert "2 problems in the configuration, nothing was run" in text
    assert "did you mean 'mirage'?" in text
    assert "there is no key 'x'" in text
    assert "Traceback" not in text
    assert not (checkout.root / "results").exists()


def test_a_failing_stage_shows_its_sentence_and_ends_the_run(checkout: Checkout) -> None:
    stage = checkout.root / "workflow/mirage/judge/__init__.py"
    stage.write_text(
        "from mirage.contracts import DataError\n"
        "def run(ctx):\n    raise DataError('x.jsonl, line 3: not valid JSON.')\n"
    )
    text = checkout.snakemake(fails=True)
    assert "error: x.jsonl, line 3: not valid JSON." in text
    assert "Traceback" not in text
    assert not list((checkout.root / "results/judge").glob("*/*"))


def test_an_unexpected_error_keeps_its_traceback(checkout: Checkout) -> None:
    stage = checkout.root / "workflow/mirage/score/__init__.py"
    stage.write_text("def run(ctx):\n    return 1 / 0\n")
    text = checkout.snakemake(fails=True)
    assert "ZeroDivisionError" in text
    logs = [path.read_text() for path in (checkout.root / "results/logs/score").glob("*.log")]
    assert logs
    assert all("Traceback" in log for log in logs)


def test_a_dead_tracker_costs_one_line(checkout: Checkout) -> None:
    tracker = checkout.root / "workflow/mirage/track/__init__.py"
    tracker.write_text("def main(argv):\n    raise ConnectionError('no server')\n")
    text = checkout.snakemake()
    assert "MLflow was not updated (ConnectionError: no server)" in text


def test_configuration_edited_during_a_run_does_not_change_it(checkout: Checkout) -> None:
    checkout.hold("build/images", "before")
    process = checkout.start("snakemake", "--config", "study=toy")
    checkout.reached()
    recipe = checkout.root / "conf/recipe/mirage.yaml"
    recipe.write_text(recipe.read_text().replace("epochs: 2", "epochs: 5"))
    checkout.go_on()
    process.communicate()
    assert process.returncode == 0
    (path,) = (checkout.root / "results/tune").glob("mirage-s0-*/manifest.json")
    assert json.loads(path.read_text())["settings"]["recipe"]["tune"]["epochs"] == 2


@pytest.mark.parametrize("options", [["--dry-run"], ["--profile", "slurm", "--dry-run"]])
def test_both_commands_plan(checkout: Checkout, options: list[str]) -> None:
    text = checkout.snakemake(*options)
    assert int(text.split("total")[1].split()[0]) == JOBS + 2  # and the rules report_pages and all
