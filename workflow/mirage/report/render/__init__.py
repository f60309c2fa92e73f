"""A report as CSV, LaTeX, Markdown, PDF and HTML."""
