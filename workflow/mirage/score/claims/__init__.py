"""The claims ledger: quantities, verdicts within and over seeds, and what gates hold back."""
