"""MIRage Suite: safety fine-tuning of vision-language models as a reproducible workflow."""
