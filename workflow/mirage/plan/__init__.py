"""The plan: what runs, with which settings, under which identity, and how one job is run safely."""
