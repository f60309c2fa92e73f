"""``mirage serve``: a judge behind HTTP, for jobs that run elsewhere."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from types import FrameType

from mirage.cli.numbers import whole
from mirage.context import ConfigError, load_entry
from mirage.judge.http_judge import VARIABLE
from mirage.judge.server import Served, make_server
from mirage.plan.code_version import use_extra
from mirage.plan.entries import resolve as reference
from mirage.plan.study.resolve import resolve

PORT = 8731


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    parser.add_argument("judge", help="a file of conf/judge of kind http")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: this machine alone)"
    )
    parser.add_argument(
        "--port", type=whole(0, 65535), default=PORT, help=f"default {PORT}; 0: a free one"
    )


def run(options: argparse.Namespace) -> int:
    """Serves until it is stopped (Ctrl-C or SIGTERM).

    Raises:
        ConfigError: No such judge, one that nothing serves, or an address that is taken.
    """
    served = served_judge(options.judge)
    try:
        server = make_server(served, options.host, options.port)
    except OSError as taken:
        raise ConfigError(
            f"cannot listen on {options.host}:{options.port} ({taken.strerror}). "
            "Choose another with --port."
        ) from None

    def stop(number: int, frame: FrameType | None) -> None:
        # shutdown waits for serve_forever, which runs in this very thread.
        threading.Thread(target=server.shutdown).start()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stop)
    address = f"http://{options.host}:{server.server_address[1]}"
    print(f"{served.name} answers at {address}; jobs find it by {VARIABLE}={address}", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    print(f"{served.name}: stopped", file=sys.stderr)
    return 0


def served_judge(name: str) -> Served:
    """Reads a judge's file and imports what it serves.

    Raises:
        ConfigError: No such file, or nothing in it to serve.
    """
    study = resolve({"judge": name})
    use_extra(str(study.extra or ""))
    (judge,) = study.judges
    if judge.serves is None:
        raise ConfigError(
            f"conf/judge/{name}.yaml does not say what to serve. Such judges have kind: http and "
            "serves: <kind>; see conf/judge/served_oracle.yaml."
        )
    identity = {
        "revision": judge.options["revision"],
        "prompt": judge.options.get("prompt", ""),
        "decoding": dict(judge.options.get("decoding") or {}),
    }
    options = {key: identity[key] for key in ("prompt", "decoding") if identity[key]}
    return Served(name, load_entry(reference("judge", judge.serves)), identity, options)
