"""The model classes: InternVL, Qwen2-VL, Qwen3-VL and LLaVA-OneVision, and what sets each apart."""
