"""Tuning models of billions of parameters: what the settings ``tune.large`` say.

Nano models import nothing of this, so that changes here move none of their ids.
"""
