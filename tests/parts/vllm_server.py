"""vLLM's own server on this machine alone, for as long as a test needs it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
from collections.abc import Generator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-vllm/bin/python"
SCHEMAS = '{"backend": "xgrammar", "disable_any_whitespace": true}'


@contextlib.contextmanager
def served(folder: Path, name: str, *, longest: int, images: int) -> Generator[str]:
    """Serves a model folder under a name and yields the address.

    Args:
        folder: The model.
        name: What the server calls it.
        longest: Most tokens of a prompt and its answer.
        images: Most pictures of a prompt.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(str(PYTHON), "-m", "vllm.entrypoints.openai.api_server"),
        *("--served-model-name", name, "--model", str(folder)),
        *("--dtype", "float32", "--enforce-eager", "--generation-config", "vllm"),
        *("--max-model-len", str(longest), "--max-num-seqs", "16"),
        *("--limit-mm-per-prompt", f'{{"image": {images}, "video": 0}}'),
        # Where a reply must keep to a schema, an untrained model would fill it with spaces.
        *("--structured-outputs-config", SCHEMAS),
        *("--host", "127.0.0.1", "--port", str(port)),
    ]
    quiet = {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind"}
    process = subprocess.Popen(command, env=os.environ | quiet | {"OMP_NUM_THREADS": "1"})
    while process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            break
        threading.Event().wait(0.2)
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait()
