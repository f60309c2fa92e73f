"""Model folders in forms of their own, rewritten once into the form of transformers."""
