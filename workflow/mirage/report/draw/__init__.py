"""Plots, and where their labels go."""
