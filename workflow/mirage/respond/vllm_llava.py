"""vLLM's LLaVA-OneVision, reading what transformers writes and seeing what transformers shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from transformers import BatchFeature
from vllm.model_executor.models import llava_onevision
from vllm.model_executor.models.utils import WeightsMapper
from vllm.multimodal import MULTIMODAL_REGISTRY
from vllm.multimodal.processing import PromptReplacement

from mirage.respond.vllm_plugin import BESIDE

PARTS = ("embeddings.", "encoder.", "post_layernorm.", "head.")
"""Of a SigLIP tower: transformers 5.23 writes them one level higher than vLLM 0.32 looks."""


class Processor(llava_onevision.LlavaOnevisionMultiModalProcessor):  # type: ignore[misc]
    """Shows a picture that stands beside others as one view, as the class was trained.

    vLLM cuts every picture as if it stood alone. It prepares (and keeps) each apart from the others
    of its prompt, so the request says that there are others: ``BESIDE``.
    """

    def _apply_hf_processor_main(self, mm_items: Any, hf_kwargs: Mapping[str, object]) -> Any:
        rest = {key: value for key, value in hf_kwargs.items() if key != BESIDE}
        data, told, passed = self._get_hf_mm_inputs(mm_items, rest)
        images = data.get("images")
        if not hf_kwargs.get(BESIDE) or not images:
            return super()._apply_hf_processor_main(mm_items, rest)
        stock = self.info.get_hf_processor(**told)
        # One more of them, so that even a single picture is in company.
        shown = [[*images, images[0]]]
        text = stock.image_token * len(shown[0])
        made = self.info.ctx.call_hf_processor(stock, {"text": text, "images": shown}, told)
        views = {key: made[key][: len(images)] for key in ("pixel_values", "image_sizes")}
        return self._finalize_hf_mm_data(data, told, passed, BatchFeature(views))

    def _get_prompt_updates(
        self, mm_items: Any, hf_processor_mm_kwargs: Mapping[str, object], out_mm_kwargs: Any
    ) -> Sequence[Any]:
        rest = {key: value for key, value in hf_processor_mm_kwargs.items() if key != BESIDE}
        if not hf_processor_mm_kwargs.get(BESIDE):
            updates: Sequence[Any] = super()._get_prompt_updates(mm_items, rest, out_mm_kwargs)
            return updates
        token = self.info.get_hf_config().image_token_index
        view = self.info.get_vision_encoder_info().get_patch_grid_length() ** 2
        whole = [token] * (view + 1)  # and a newline
        return [PromptReplacement(modality="image", target=[token], replacement=whole)]


@MULTIMODAL_REGISTRY.register_processor(
    Processor,
    info=llava_onevision.LlavaOnevisionProcessingInfo,
    dummy_inputs=llava_onevision.LlavaOnevisionDummyInputsBuilder,
)
class LlavaOnevisionForConditionalGeneration(
    llava_onevision.LlavaOnevisionForConditionalGeneration  # type: ignore[misc]
):
    """Reads both names of a tower's parts."""

    hf_to_vllm_mapper = llava_onevision.LlavaOnevisionForConditionalGeneration.hf_to_vllm_mapper | (
        WeightsMapper(
            orig_to_new_prefix={
                f"vision_tower.{part}": f"vision_tower.vision_model.{part}" for part in PARTS
            }
        )
    )
