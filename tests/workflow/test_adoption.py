"""Equal work is not done again: a refactor, or a study under other ids, costs links."""

from __future__ import annotations

import json

from toy_checkout import Checkout

from mirage.plan.job import STAGES

REFACTORED = "\ndef a_helper_that_came_with_a_refactor(text):\n    return text.strip()\n"


def refactor(checkout: Checkout, stage: str) -> None:
    """Changes the code of a stage, and so its version, but nothing of what it writes."""
    path = checkout.root / "workflow/mirage" / stage / "__init__.py"
    path.write_text(path.read_text() + REFACTORED)


def count(text: str, rule: str) -> int:
    """Returns how many jobs of a rule a dry run lists; it prints its table twice."""
    lines = [line.split() for line in text.splitlines()]
    return max([int(line[1]) for line in lines if len(line) == 2 and line[0] == rule], default=0)


def test_a_refactor_of_build_that_leaves_data_equal_retrains_nothing(finished: Checkout) -> None:
    made = finished.runs
    refactor(finished, "build")
    before = finished.snakemake("-n")
    assert count(before, "tune") == sum(run.startswith("tune/") for run in made) > 0
    finished.snakemake("--until", "build")
    # Suites of training items come after the data, and tune needs none.
    builds = [r for r in made if r.startswith("build/") and not r.startswith("build/fit_")]
    assert sorted(finished.runs[len(made) :]) == sorted(builds)
    again = finished.snakemake("-n")
    assert count(again, "tune") == 0
    finished.snakemake()
    assert {run.split("/")[0] for run in finished.runs[len(made) :]} == {"build"}
    assert "0 of" in finished.run("mirage", "plan", "study=toy")


def test_a_job_adopts_when_it_starts(finished: Checkout) -> None:
    made = finished.runs
    refactor(finished, "build")
    text = finished.snakemake()  # all at once: nothing could be adopted before build ran
    assert {run.split("/")[0] for run in finished.runs[len(made) :]} == {"build"}
    assert "report: results/report/toy/report.html" in text


def test_adopted_folders_are_links_to_what_was_made(finished: Checkout) -> None:
    for _ in range(2):  # the second time, artifacts that are links are there to be adopted
        refactor(finished, "build")
        finished.snakemake()
    store = finished.root / "results"
    manifests = {p.parent: json.loads(p.read_text()) for p in store.glob("tune/*/manifest.json")}
    made = [folder for folder, manifest in manifests.items() if not manifest["same_as"]]
    assert len(made) * 3 == len(manifests)
    for folder, manifest in manifests.items():
        if manifest["same_as"]:
            assert store / manifest["same_as"] in made
            for name in manifest["files"]:
                link = folder / name
                assert not link.readlink().is_absolute()
                assert link.resolve() == (store / manifest["same_as"] / name).resolve()
    keys = [manifest["key"] for manifest in manifests.values()]
    assert len(set(keys)) == len(made)
    finished.run("mirage", "verify")


def test_a_change_that_reaches_the_data_is_no_equal_work(finished: Checkout) -> None:
    made = len(finished.runs)
    path = finished.root / "workflow/mirage/build/__init__.py"
    path.write_text(path.read_text().replace("text[:20]", "text[:20] + 'x'"))
    finished.snakemake()
    assert {run.split("/")[0] for run in finished.runs[made:]} == set(STAGES)


def test_a_target_that_is_gone_is_not_adopted(finished: Checkout) -> None:
    made = len(finished.runs)
    for path in (finished.root / "results/tune").glob("*/text.txt"):
        path.unlink()
    refactor(finished, "build")
    finished.snakemake()
    again = {run.split("/")[0] for run in finished.runs[made:]}
    assert again == {"build", "tune"}  # made again, with equal payloads
