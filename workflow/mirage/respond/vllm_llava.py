"""vLLM's LLaVA-OneVision with the names that transformers 5.23 gives to a SigLIP tower's parts."""

from __future__ import annotations

from vllm.model_executor.models import llava_onevision
from vllm.model_executor.models.utils import WeightsMapper

PARTS = ("embeddings.", "encoder.", "post_layernorm.", "head.")


class LlavaOnevisionForConditionalGeneration(
    llava_onevision.LlavaOnevisionForConditionalGeneration  # type: ignore[misc]
):
    """Reads both names."""

    hf_to_vllm_mapper = llava_onevision.LlavaOnevisionForConditionalGeneration.hf_to_vllm_mapper | (
        WeightsMapper(
            orig_to_new_prefix={
                f"vision_tower.{part}": f"vision_tower.vision_model.{part}" for part in PARTS
            }
        )
    )
