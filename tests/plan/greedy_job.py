"""Runs a job whose stage writes 4 MB, or waits for a signal: for test_disk.

``python greedy_job.py <artifact folder> text|torch|safetensors|wait [bytes a file may have]``
"""

from __future__ import annotations

import resource
import sys
import time
import types

from mirage.context import JobContext
from mirage.plan import runtime

SIZE = 4 << 20


def run(ctx: JobContext) -> None:
    path = ctx.out / "weights"
    if how == "wait":
        (ctx.store / "waiting").touch()
        while True:
            time.sleep(0.01)
    if how == "text":
        path.write_text("w" * SIZE)
        return
    import torch
    from safetensors.torch import save_file

    tensors = {"weights": torch.zeros(SIZE // 4)}
    if how == "torch":
        torch.save(tensors, path)
    else:
        save_file(tensors, path)


if __name__ == "__main__":
    folder, how, *limit = sys.argv[1:]
    stage = types.ModuleType("mirage.judge")
    stage.run = run  # type: ignore[attr-defined]
    sys.modules["mirage.judge"] = stage
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit[0]), int(limit[0])))
    sys.exit(runtime.main("judge", [folder]))
