"""Tables and figures: from entries of ``reports/tables.yaml``, or by functions they name."""
