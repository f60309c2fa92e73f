"""The model classes: InternVL, Qwen2-VL, LLaVA-OneVision, each with what sets it apart."""
