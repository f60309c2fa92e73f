"""The household world: objects, hazards, pictures and the language spoken about them."""
