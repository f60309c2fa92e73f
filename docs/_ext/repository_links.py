"""Links from a page to files of the repository: ``[ledger](../reports/claims.yaml)``.

On a page of a code host such a link works as it stands. In the site it leads to the same file at
``repository_url`` (``conf.py``); while that is empty, to a copy that the site brings along. A link
to what does not exist is a warning, and `make docs` ends on warnings.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

ROOT = Path(__file__).parents[2]
LOGGER = logging.getLogger(__name__)


class RepositoryLinks(SphinxTransform):
    """Replaces what MyST makes of links that leave the folder of pages."""

    default_priority = 5  # before Sphinx looks for downloads and pages

    def apply(self, **kwargs: Any) -> None:
        """Looks at all links of one page."""
        kinds = (addnodes.pending_xref, addnodes.download_reference)
        for link in list(self.document.findall(lambda node: isinstance(node, kinds))):
            if link.get("reftype") == "myst":
                self._replace(link)

    def _replace(self, link: nodes.Element) -> None:
        page = Path(self.env.doc2path(self.env.docname)).parent
        if link.get("refdomain") == "doc":
            path = (Path(self.env.srcdir) / f"{link['reftarget']}.md").resolve()
        else:
            path = (page / link["reftarget"]).resolve()
        if link["reftarget"].startswith("#") or (
            path.suffix == ".md" and path.is_relative_to(self.env.srcdir)
        ):
            return
        if not path.exists() or not path.is_relative_to(ROOT):
            LOGGER.warning("no such file in the repository: %s", path, location=link)
            return
        name = path.relative_to(ROOT).as_posix()
        new: nodes.Element
        if url := self.config.repository_url:
            new = nodes.reference("", "", internal=False, refuri=f"{url.rstrip('/')}/{name}")
        elif path.is_dir():
            new = nodes.inline("", "")  # a folder has no copy: its name is told, not linked
        else:
            new = addnodes.download_reference(
                reftarget=os.path.relpath(path, page),
                refdoc=self.env.docname,
            )
        new += link.children
        link.replace_self(new)


def setup(app: Sphinx) -> dict[str, bool]:
    """Registers the transform and its setting."""
    app.add_config_value("repository_url", "", "env", str)
    app.add_transform(RepositoryLinks)
    return {"parallel_read_safe": True}
