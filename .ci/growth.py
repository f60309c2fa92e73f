"""What one more model costs a study: ``python .ci/growth.py 10 200 500``.

Makes the verdicts and answers of that many models (ten recipes of ``quick``, as many seeds as it
takes), then runs the four jobs that adding the last one costs, each in a process of its own: judge
and score of the model, score and report of the study. Prints wall seconds with start-up and the
peak of memory. A script and no test: seconds depend on the machine.
"""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

import yaml  # noqa: E402

from mirage.context import JobContext  # noqa: E402
from mirage.plan.job import Job  # noqa: E402
from mirage.plan.process import set_threads  # noqa: E402

MADE = 4
"""Seeds whose models are scored by the real job; later seeds repeat these under their own names."""
CONF = HERE.parent / "conf"
REPORTED = (
    "fig4", "asr_vs_overrefusal", "corners", "harmless", "failures", "discrimination", "table12",
    "table11", "table2", "contrasts", "formats", "skills", "categories", "gates", "hazards",
    "gallery",
)  # fmt: skip
"""The tables of ``quick``."""


def conf(group: str) -> Any:
    """Returns the default settings of a stage."""
    return yaml.safe_load((CONF / group / "default.yaml").read_text(encoding="utf-8"))


def _judgeable(sample: Any) -> Any:
    """The sample with the facts that the judge asks for; nothing else changes."""
    facts = {"action": "use", "objects": list(sample.images), "states": [False, False]}
    facts |= {"answer": "yes", "family": "pick", "label": "comply", "expected": True}
    return replace(sample, truth={**facts, **sample.truth})


class Grown:
    """A store with the artifacts of a study of many models, and the jobs that read it."""

    def __init__(self, root: Path, models: int) -> None:
        from mirage.contracts import write_rows
        from mirage.model_card import ModelCard
        from synthetic_study import study

        self.root = root
        seeds = -(-models // 10)
        for seed in range(min(seeds, MADE)):
            made = study(seed, pairs=48)
            made = replace(made, samples=[_judgeable(s) for s in made.samples])
            if seed == 0:
                self.suites = self._write_suites(made.samples)
                self.recipes = [name.removesuffix("-s0") for name in made.verdicts]
            for recipe in self.recipes:
                name, there = f"{recipe}-s{seed}", made.verdicts[f"{recipe}-s0"]
                # Every twentieth answer of a seed is as long as no other's: no text twice.
                answers = [
                    replace(r, n_tokens=r.n_tokens + (n + seed) % 7, text=f"{r.text} {n} {seed} .")
                    for n, r in enumerate(made.responses[f"{recipe}-s0"])
                ]
                write_rows(root / f"judge/{name}/verdicts.jsonl", there)
                write_rows(root / f"respond/{name}/responses.jsonl", answers)
        every = [(recipe, seed) for seed in range(seeds) for recipe in self.recipes]
        self.cards = [
            ModelCard(
                recipe, "nano", seed, f"{recipe}-s{seed}", title=recipe.replace("_", " "),
                helper=recipe == "placebo", mode=None if recipe == "base" else "as_published",
                platform="cpu-test",
            )
            for recipe, seed in every[:models]
        ]  # fmt: skip
        for card in self.cards:
            self._finish(card)
        for card in [c for c in self.cards if c.seed < MADE]:
            work = self.context(self.model(card))
            run(work)
        for card in [c for c in self.cards if c.seed >= MADE]:
            self._repeat(card)

    def _write_suites(self, samples: Any) -> list[str]:
        from PIL import Image

        from mirage.contracts import write_rows
        from mirage.plan.artifact import Manifest

        picture = io.BytesIO()
        Image.new("RGB", (64, 64), (20, 90, 200)).save(picture, "PNG")
        for path in {p for s in samples for p in s.images}:
            target = self.root / "build/images" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(picture.getvalue())
        names = sorted({s.suite for s in samples})
        for name in names:
            rows = [s for s in samples if s.suite == name]
            write_rows(self.root / f"build/{name}/samples.jsonl", rows)
            about, folder = {"suite": {"name": name}}, self.root / f"build/{name}"
            Manifest("build", "suite", name, "0" * 64, about, {}, "", {}).write(folder)
        return names

    def _finish(self, card: Any) -> None:
        """Writes the manifests of a model, of its answers and of its verdicts."""
        from mirage.plan.artifact import Manifest

        for stage in ("judge", "respond", "tune"):
            folder = self.root / stage / card.name
            source = self.root / stage / f"{card.recipe}-s{card.seed % MADE}"
            folder.mkdir(parents=True, exist_ok=True)
            for file in source.iterdir() if source != folder else ():
                if file.name.endswith(".jsonl"):
                    os.link(file, folder / file.name)
            about = {"judge": {"name": "oracle", "options": {}, "model": card.name}}
            parents = {"data": [f"build/data-{card.name}"]} if stage == "tune" else {}
            Manifest(stage, stage, card.name, "0" * 64, about, parents, "", {}).write(folder)
        data = self.root / f"build/data-{card.name}"
        data.mkdir(parents=True, exist_ok=True)
        recipe = {"recipe": {"name": card.recipe, "data": {"source": "mis", "unsafe": 4427}}}
        (data / "report.json").write_text('{"parts": {"hazard": 4427}}', encoding="utf-8")
        Manifest("build", "train", card.name, "0" * 64, recipe, {}, "", {}).write(data)

    def _repeat(self, card: Any) -> None:
        """Gives a later seed the scores of an earlier one, under its own name."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        source = self.root / f"score/{card.recipe}-s{card.seed % MADE}"
        folder = self.root / f"score/{card.name}"
        shutil.copytree(source, folder)
        rates = pq.read_table(folder / "rates.parquet")
        for column, value in (("model", card.name), ("seed", card.seed)):
            at = rates.schema.get_field_index(column)
            values = pa.array([value] * len(rates), rates.schema.field(column).type)
            rates = rates.set_column(at, column, values)
        pq.write_table(rates, folder / "rates.parquet")
        for name in ("gates", "lengths"):
            path = folder / f"{name}.csv"
            with path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
            own = {"model": card.name, "seed": card.seed}
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
                writer.writeheader()
                writer.writerows({k: own.get(k, v) for k, v in row.items()} for row in rows)

    def job(
        self, stage: str, kind: str, name: str, settings: Any, parents: Any, **more: Any
    ) -> Job:
        """Returns a job of the study, as the plan would hand it to its stage."""
        suites = {"suites": [f"build/{suite}" for suite in self.suites]}
        return Job(stage, kind, name, "0" * 64, settings, {**parents, **suites}, **more)

    def judge(self, card: Any) -> Job:
        """The job that judges one model."""
        from mirage.plan import entries

        settings = {"judge": {"name": "oracle", "options": {}, "model": card.name}}
        chosen = {"judge": entries.resolve("judge", "oracle")}
        parents = {"responses": [f"respond/{card.name}"]}
        return self.job("judge", "judge", f"new-{card.name}", settings, parents, entries=chosen)

    def model(self, card: Any) -> Job:
        """The job that scores one model."""
        settings = {"score": conf("score"), "judge": "oracle", "card": card.to_json(), "unseen": []}
        parents = {"verdicts": [f"judge/{card.name}"], "responses": [f"respond/{card.name}"]}
        return self.job("score", "model", card.name, settings, parents)

    def study(self) -> Job:
        """The job that compares all models."""
        cards = [card.to_json() for card in self.cards]
        settings = {"score": conf("score"), "judge": "oracle", "models": cards}
        parents = {"scores": [f"score/{card.name}" for card in self.cards]}
        return self.job("score", "study", "study", settings, parents)

    def report(self) -> Job:
        """The job that writes the report."""
        from report_exhibits import GATES, plain

        names = [card.name for card in self.cards]
        settings = {
            "report": conf("report"),
            "study": {"name": "quick", "tables": list(REPORTED), "mode": "as_published"},
            "models": [card.to_json() for card in self.cards],
            "suites": self.suites,
            "exhibits": plain(*REPORTED),
            "gates": GATES,
        }
        parents = {
            "score": ["score/study"],
            "verdicts": [f"judge/{name}" for name in names],
            "responses": [f"respond/{name}" for name in names],
            "models": [f"tune/{name}" for name in names],
            "images": ["build/images"],
        }
        return self.job("report", "report", "study", settings, parents)

    def context(self, job: Job) -> JobContext:
        """Returns what a job gets, its folders made anew."""
        work, out = self.root / "work" / job.stage / job.name, self.root / job.stage / job.name
        for folder in (work, out):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        return JobContext(job, self.root, work, out)

    def added(self) -> Iterator[tuple[str, Job]]:
        """The jobs that the last model costs, in their order."""
        last = [card for card in self.cards if not card.helper][-1]
        yield "judge model", self.judge(last)
        yield "score model", self.model(last)
        yield "score study", self.study()
        yield "report", self.report()


def run(work: JobContext) -> None:
    """Runs a job's stage in this process."""
    import importlib

    importlib.import_module(f"mirage.{work.job.stage}").run(work)


def measure(root: Path, work: JobContext) -> tuple[float, float, float]:
    """Runs a job in a process of its own: wall and CPU seconds, the peak of memory in MB."""
    from mirage.plan.artifact import Manifest

    path = work.work / "job.json"
    path.write_text(json.dumps(work.job.to_json()), encoding="utf-8")
    command = [sys.executable, __file__, "--job", str(root), str(path), str(work.out)]
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    computed = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    about = {"judge": work.job.settings.get("judge", "oracle")}
    manifest = Manifest(work.job.stage, work.job.kind, work.job.name, "0" * 64, about, {}, "", {})
    manifest.write(work.out)
    return seconds, computed, float(done.stdout.splitlines()[-1])


def run_one(root: Path, path: Path, out: Path) -> None:
    """Runs the job of a file and prints the peak of memory in MB."""
    set_threads(1)
    job = Job.from_json(json.loads(path.read_text(encoding="utf-8")))
    run(JobContext(job, root, path.parent, out))
    # Linux counts ru_maxrss on from the process that started this one; VmHWM, in kB, is its own.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    print(int(status.partition("VmHWM:")[2].split()[0]) / 1024)


def _shown(
    count: int, name: str, wall: float, computed: float, peak: float
) -> tuple[float, float, float]:
    print(f"{count:5} models  {name:12} {wall:6.1f} s {computed:6.1f} s of CPU {peak:6.0f} MB",
          flush=True)  # fmt: skip
    return wall, computed, peak


def main(counts: list[int]) -> None:
    """Prints a row for each number of models."""
    for count in counts:
        root = Path(tempfile.mkdtemp(prefix="growth-"))
        try:
            grown = Grown(root, count)
            seconds, computed, peaks = zip(
                *(_shown(count, name, *measure(root, grown.context(job)))
                  for name, job in grown.added()), strict=True
            )  # fmt: skip
            _shown(count, "all four", sum(seconds), sum(computed), max(peaks))
            size = sum(f.stat().st_size for f in (root / "score/study").iterdir()) / 1e6
            page = (root / "report/study/report.html").stat().st_size / 1e6
            print(f"{count:5} models: {size:.0f} MB of scores, {page:.1f} MB of report.html")
        finally:
            shutil.rmtree(root)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--job"]:
        run_one(*map(Path, sys.argv[2:5]))
    else:
        main([int(text) for text in sys.argv[1:]] or [10, 200, 500])
