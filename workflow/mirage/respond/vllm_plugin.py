"""What vLLM is told about model folders in all of its processes: a plugin of its kind "general".

transformers 5.23 writes the parts of a SigLIP tower one level higher than vLLM 0.32 looks for them,
so a LLaVA-OneVision folder that was tuned here would not open. Qwen and InternVL need nothing.
"""

from __future__ import annotations


def register() -> None:
    """Registers the class that reads both names; vLLM imports it when it opens such a folder."""
    from vllm import ModelRegistry

    name = "LlavaOnevisionForConditionalGeneration"
    ModelRegistry.register_model(name, f"mirage.respond.vllm_llava:{name}")
