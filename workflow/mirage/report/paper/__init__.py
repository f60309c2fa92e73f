"""The paper's published numbers, and what stands beside them."""
