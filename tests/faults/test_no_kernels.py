"""No home, a read-only or full disk, no compiler: NumPy serves, and log, doctor and Info say why, each in a line."""

import json
import os
import re
import subprocess
import sys

import pytest

import meanrev as mr
from tests.faults.servers import Server

NO_USER = """
import pwd
def nobody(uid):
    raise KeyError(uid)
pwd.getpwuid = nobody
"""

READ_ONLY = """
import errno, os, pathlib
def refuse(self, *arguments, **named):
    raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(self))
pathlib.Path.mkdir = refuse
"""

FULL = """
import errno, os, tempfile
def refuse(*arguments, **named):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/somewhere")
tempfile.TemporaryDirectory = refuse
"""

FULL_FOR_THE_COMPILER = """
from gpu_kernels import compile
def compiler():
    return "/usr/bin/g++", "g++ 12"
compile.compiler = compiler
import subprocess
def full(command, **named):
    return subprocess.CompletedProcess(command, 1, "", "/tmp/cc1.s: fatal error: No space left on device\\nmore\\n")
compile.subprocess = type("", (), {"run": full, "TimeoutExpired": subprocess.TimeoutExpired})
"""

NO_COMPILER = """
import shutil
shutil.which = lambda *arguments: None
"""

PLANTED = """
from gpu_kernels import compile
compile.compiler = lambda: ("/usr/bin/g++", "g++ 12")
"""
"""A compiler that is never reached, so that these cases are the same on a machine without one."""

CASES = {
    "no home": (NO_USER + PLANTED, {"HOME": None}, "the kernel cache has no folder: HOME is not set"),
    "read-only home": (READ_ONLY + PLANTED, {}, "the kernel cache cannot be made: Read-only file system"),
    "full disk": (FULL + PLANTED, {}, "the kernel cache cannot be written to: No space left on device"),
    "full disk of the compiler": (FULL_FOR_THE_COMPILER, {}, "the C++ compiler fails"),
    "no compiler": (NO_COMPILER, {}, r"no C\+\+ compiler (g++, clang++, c++) on the PATH".replace("\\", "")),
}
A_PATH = re.compile(r"(?<![\w.])/\w+")


@pytest.fixture(params=CASES)
def case(request, tmp_path):
    program, env, reason = CASES[request.param]
    return program, {"HOME": str(tmp_path), "MEANREV_KERNEL_CACHE": None, "MEANREV_LANES": None, **env}, reason


def test_numpy_serves_and_says_why(case):
    program, env, reason = case
    words = ("--backend", "auto", "--log", "json")
    with Server(*words, program=program, env={**env, "MEANREV_WORKER": "thread"}, stderr=subprocess.PIPE) as server:
        with mr.Client(server.address, timeout=60) as client:
            assert client.log_returns([1.0, 2.0]).n_periods == 1
            known = client.info()
        assert server.stop() == 0
        lines = server.process.stderr.read().splitlines()
    assert known.backend == "numpy"
    assert f"no native: {reason}" in known.backend_reason
    assert not A_PATH.search(known.backend_reason)
    [told] = [json.loads(line) for line in lines if json.loads(line)["level"] == "warning"]
    assert told["event"] == "no compiled kernels: NumPy computes, which is slower"
    assert any(said.startswith("no native: ") and "; " in said and "\n" not in said for said in told["reasons"])


def test_info_tells_no_path_where_kernels_compute_either():
    with mr.serve(grace_s=0) as address, mr.Client(address) as client:
        assert not A_PATH.search(client.info().backend_reason)


def test_the_doctor_says_so_too(case):
    program, env, reason = case
    source = f"{program}\nfrom meanrev_cli.__main__ import main\nmain(['doctor', '--json'])"
    variables = {name: value for name, value in {**os.environ, **env}.items() if value is not None}
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, timeout=110, check=False, env=variables
    )
    assert "Traceback" not in done.stderr
    [native] = [finding for finding in json.loads(done.stdout)["findings"] if finding["name"].strip() == "native"]
    named = re.sub(r"kernel cache /\S+", "kernel cache", native["found"])
    assert named.startswith("not usable: ")
    assert reason in named or ("g++ fails" in named and "No space left on device" in named)
    assert "\n" not in native["found"]
