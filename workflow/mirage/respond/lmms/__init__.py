"""General benchmarks through lmms-eval: it asks the model and marks the answers, we keep the rates.

Everything here but ``marks`` runs without importing lmms-eval, which is a program of its own.
"""
