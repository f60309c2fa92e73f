"""What each group of ``conf/`` may hold: one small model per group, unknown keys forbidden."""
