"""Nano models: built from settings and a seed, trained from scratch, read and write whole words."""
