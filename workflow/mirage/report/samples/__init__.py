"""Single samples with the answers of all models."""
