"""vLLM's engine, a process of its own, does not outlive a job that was killed: it has the GPU."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mirage.parent_process import PARENT

JOB = """
import multiprocessing, os, sys, time
from mirage.parent_process import announce_parent
from mirage.respond import vllm_plugin

def engine():
    vllm_plugin._end_with_the_job()
    print("loaded", flush=True)
    time.sleep(5)
    print("outlived", flush=True)

if sys.argv[1] == "ours":
    announce_parent()
multiprocessing.get_context("fork").Process(target=engine).start()
time.sleep(600)
"""


@pytest.mark.parametrize(("whose", "then"), [("ours", ""), ("a server of theirs", "outlived\n")])
def test_an_engine_ends_with_a_job_of_ours_alone(whose: str, then: str) -> None:
    environ = {key: value for key, value in os.environ.items() if key != PARENT}
    command = [sys.executable, "-c", JOB, whose]
    job = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ)
    assert job.stdout is not None
    assert job.stdout.readline() == "loaded\n"
    job.kill()
    assert job.stdout.read() == then, "the pipe is open for as long as the engine lives"
    job.wait()
