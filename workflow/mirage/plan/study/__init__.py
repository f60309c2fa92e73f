"""From ``--config`` and ``conf/`` to one validated, typed study."""
