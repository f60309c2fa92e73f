"""Which store is tracked, and where to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mirage.context import ConfigError
from mirage.plan.code_version import PACKAGE
from mirage.plan.frozen_plan import load
from mirage.plan.plan_files import plans
from mirage.plan.schema.track import HIDDEN, PASSWORD, Track, password_of, redacted
from mirage.plan.study.validate import check

CONF = PACKAGE.parent.parent / "conf"
SQLITE = "sqlite:///"


@dataclass(frozen=True)
class Where:
    """A store and its tracking store.

    Attributes:
        store: Root of all artifacts.
        track: URI, experiment and what may be sent.
    """

    store: Path
    track: Track

    @property
    def database(self) -> Path | None:
        """The sqlite file, or None for other databases and servers."""
        uri = self.track.uri
        return Path(uri.removeprefix(SQLITE)) if uri.startswith(SQLITE) else None

    @property
    def shown(self) -> str:
        """The address without a password."""
        return redacted(self.track.uri)

    def without_password(self, text: str) -> str:
        """Returns a message of MLflow or of a driver without what must stay secret."""
        password = password_of(self.track.uri)
        text = text.replace(self.track.uri, self.shown)
        return text.replace(password, HIDDEN) if password else text

    @property
    def uploads(self) -> Path | None:
        """Where files lie that are logged to a sqlite store: beside the database."""
        return self.database.resolve().parent / "mlartifacts" if self.database else None


def resolve(plan: Path | None, store: Path | None, uri: str | None) -> Where:
    """Returns what the options mean; without a plan ``conf/`` decides.

    Args:
        plan: A frozen plan; by default the last one of the store.
        store: Root of all artifacts; by default the plan's, or that of ``conf/config.yaml``.
        uri: Overrides ``track.uri``.

    Raises:
        ConfigError: An unreadable plan or a URI that MLflow does not take.
    """
    root = store or Path(str(_yaml("config")["store"]))
    latest = [plan] if plan else plans(root)[-1:]
    if latest:
        frozen = load(latest[0])
        root = store or Path(frozen.store)
        settings = dict(frozen.track)
    else:
        settings = _yaml("track/default")
    if uri:
        settings["uri"] = uri
    if HIDDEN in str(settings["uri"]):
        if not os.environ.get(PASSWORD):
            raise ConfigError(
                f"track: the password of {settings['uri']} is kept nowhere. Set {PASSWORD}, or "
                "give the whole address with: mirage track --uri"
            )
        settings["uri"] = str(settings["uri"]).replace(HIDDEN, os.environ[PASSWORD])
    settings["uri"] = str(settings["uri"]).replace("{store}", str(root))
    track, problems = check(Track, settings, "mirage track", "track", None)
    if track is None:
        raise ConfigError(
            f"{' '.join(map(str, problems))} Give a database or a server, such as "
            "--uri sqlite:///results/mlflow.db or --uri http://localhost:5000"
        )
    return Where(root, track)


def _yaml(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((CONF / f"{name}.yaml").read_text(encoding="utf-8")))
