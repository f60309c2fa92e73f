"""Sphinx settings of the site: `make docs` builds it into docs/_build/html, without network."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

project = "MIRage Suite"
author = "MIRage Suite"
extensions = ["myst_parser", "command_reference", "repository_links", "schema_reference"]
exclude_patterns = ["_build", "_ext"]

myst_heading_anchors = 3

repository_url = ""
"""Where files of the repository are shown, up to the path, as https://host/group/name/blob/main.
Empty while there is no such address: links then lead to copies that the site brings along."""

smartquotes = False  # "--config" must not become a dash

html_theme = "furo"
html_title = "MIRage Suite"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_copyright = False
html_copy_source = False
html_show_sourcelink = False

# Only for `make docs-links`, which needs a network.
linkcheck_timeout = 20
linkcheck_retries = 2
