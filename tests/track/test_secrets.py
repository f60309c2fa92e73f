"""The password of ``track.uri`` is written and said nowhere; a missing driver is a sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mirage.context import ConfigError
from mirage.plan.dag import make_plan
from mirage.plan.frozen_plan import freeze
from mirage.plan.schema.track import PASSWORD, Track, redacted
from mirage.track.client import Tracker
from mirage.track.settings import Where, resolve

URI = "postgresql://mirage:geheim42@localhost/mlflow"


@pytest.mark.parametrize(
    "uri",
    [
        URI,
        "https://me:geheim42@host/x",
        "https://geheim42@host/x",
        "https://geheim42:@host/x",
        "https://a@geheim42@host/x",
        "https://geheim42@b@host/x",
        "https://me@home:geheim42@host/x",
        "track.uri: found 'ftp://geheim42@host'.",
        "mysql://host/x?user=me&password=geheim42",
    ],
)
def test_no_password_is_left(uri: str) -> None:
    assert "geheim42" not in redacted(uri)
    assert redacted(redacted(uri)) == redacted(uri)
    assert "host" in redacted(uri)


def test_addresses_without_a_password_stay() -> None:
    for uri in ("sqlite:///results/mlflow.db", "http://localhost:5000", "https://host/a@b"):
        assert redacted(uri) == uri
    for uri in ("postgresql://me@host/x", "mysql+pymysql://me@host/x", "sqlite:///a@b/mlflow.db"):
        assert redacted(uri) == uri


def test_a_frozen_plan_has_no_password_and_track_gets_it_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD, "")
    config = {"study": "tiny", "store": str(tmp_path / "r"), "hydra": f"track.uri='{URI}'"}
    plan, _ = make_plan(config)
    freeze(plan, lambda job: {})
    assert "geheim42" not in "".join(
        p.read_text(encoding="utf-8") for p in (tmp_path / "r").rglob("*.json")
    )
    assert resolve(plan.path, None, None).track.uri == URI
    monkeypatch.setenv(PASSWORD, "")
    with pytest.raises(ConfigError, match=PASSWORD):
        resolve(plan.path, None, None)


def test_the_database_lies_in_the_store_wherever_that_is(tmp_path: Path) -> None:
    plan, _ = make_plan({"study": "tiny", "store": str(tmp_path / "r")})
    freeze(plan, lambda job: {})
    assert resolve(plan.path, None, None).database == tmp_path / "r/mlflow.db"
    (tmp_path / "r").rename(tmp_path / "moved")
    assert resolve(None, tmp_path / "moved", None).database == tmp_path / "moved/mlflow.db"
    assert resolve(None, tmp_path / "none", None).database == tmp_path / "none/mlflow.db"


def test_a_missing_driver_names_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg2", None)  # it may be installed (envs/server.txt)
    monkeypatch.setattr("mirage.track.client.check_reachable", lambda uri: None)
    with pytest.raises(ConnectionError, match="pip install psycopg2-binary") as caught:
        Tracker(Where(tmp_path, Track(uri=URI)))
    assert "geheim42" not in str(caught.value)
