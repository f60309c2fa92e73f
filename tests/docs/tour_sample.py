"""What build makes of the sample that docs/tour.md follows, by the default study's own jobs.

`python tests/docs/tour_sample.py` writes the page's pictures anew.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from PIL import Image

from mirage import build
from mirage.context import JobContext
from mirage.contracts import Sample, TrainSample, read_rows
from mirage.pictures import Pictures
from mirage.plan.dag import make_plan
from mirage.plan.job import Job

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs/pictures/tour"
QUAD = "000-0"
TIMES = 6
"""A picture of 32 x 32 pixels is shown so many times as large."""


def make_tour(store: Path) -> tuple[list[Sample], TrainSample, Pictures]:
    """Builds the suite `hard` and the twins' training data on base 2 as study quick has them.

    Returns:
        The four samples of the quad, the first training sample, and all pictures.
    """
    plan, _ = make_plan({"study": "quick", "store": str(store)})
    by_name = {job.name: job for job in plan.jobs.values() if job.stage == "build"}
    suite, train = (_made(by_name[n], plan.jobs, store) for n in ("hard", "mirage_twins-s2"))
    rows = read_rows(suite / "samples.jsonl", Sample)
    quad = [row for row in rows if row.truth["quad"] == QUAD]
    first = read_rows(train / "samples.jsonl", TrainSample)[0]
    (images,) = (store / "build").glob("images-*")
    return quad, first, Pictures(images)


def _made(job: Job, jobs: dict[str, Job], store: Path) -> Path:
    for parents in job.parents.values():
        for parent in parents:
            _made(jobs[parent], jobs, store)
    out = store / job.folder
    if not out.is_dir():
        out.mkdir(parents=True)
        build.run(JobContext(job, store, store / "work", out))
    return out


def shown(pictures: Pictures, name: str) -> Image.Image:
    """Returns a picture as the page shows it: every pixel a square."""
    with pictures.open(name) as small:
        size = (small.width * TIMES, small.height * TIMES)
        return small.convert("RGB").resize(size, Image.Resampling.NEAREST)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        quad, _, pictures = make_tour(Path(folder))
        for name in {name for sample in quad for name in sample.images}:
            shown(pictures, name).save(PICTURES / Path(name).name, optimize=True)
