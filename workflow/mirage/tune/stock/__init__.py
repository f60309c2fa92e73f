"""Imported models: they read and write by their folder's own tokenizer, template and processor."""
