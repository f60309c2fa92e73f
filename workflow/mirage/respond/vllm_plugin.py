"""What vLLM is told about model folders in all of its processes: a plugin of its kind "general".

transformers 5.23 writes the parts of a SigLIP tower one level higher than vLLM 0.32 looks for them,
so a LLaVA-OneVision folder that was tuned here would not open. Qwen and InternVL need nothing.
"""

from __future__ import annotations

import multiprocessing
import os

from mirage.parent_process import PARENT, die_with_parent


def register() -> None:
    """Registers the class that reads both names; vLLM imports it when it opens such a folder."""
    _end_with_the_job()
    from vllm import ModelRegistry

    name = "LlavaOnevisionForConditionalGeneration"
    ModelRegistry.register_model(name, f"mirage.respond.vllm_llava:{name}")


def _end_with_the_job() -> None:
    """Ends vLLM's engine when the job that started it was killed: it would keep its GPU for ever.

    Only below a job of ours; a server that somebody started with this environment is not touched.
    """
    if multiprocessing.parent_process() is not None and PARENT in os.environ:
        die_with_parent()
