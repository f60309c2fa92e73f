"""Published data sets as they are downloaded: a reader a format, each a function of a ``Download``.

A reader (group ``format`` of ``mirage.plan.entries``) yields a ``Row`` an item, or a problem with
its place. Everything else is shared (``read.py``): pictures, ids, draws, limits and digests.
"""
