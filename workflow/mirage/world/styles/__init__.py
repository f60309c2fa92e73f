"""Label styles, one module each; see ``mirage.world.labels``."""
