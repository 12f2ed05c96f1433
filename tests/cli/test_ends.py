"""How commands end: one exit code a kind, one line on stderr, and with --json a document on stdout."""

import json
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from meanrev.errors import ConnectionFailed, DeadlineExceeded, InvalidInput, Overloaded, ServerError
from meanrev_cli.failure import ExitCode, failure_from


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConnectionFailed("x"), ExitCode.NO_SERVER),
        (DeadlineExceeded("x"), ExitCode.NO_SERVER),
        (InvalidInput("prices", "must be positive"), ExitCode.BAD_DATA),
        (Overloaded("too large"), ExitCode.BAD_DATA),
        (Overloaded("busy", 0.2), ExitCode.NO_SERVER),
        (ServerError("x", "UNIMPLEMENTED"), ExitCode.USAGE),
        (ServerError("x", "ABORTED"), ExitCode.DEVICE),
        (ServerError("x", "INTERNAL"), ExitCode.UNEXPECTED),
    ],
)
def test_each_error_has_its_exit_code(error, code):
    assert failure_from(error).exit_code == code


def test_the_codes_are_what_the_help_says(run):
    told = " ".join(run("--help").stdout.split())
    assert "0 ok, 2 usage, 3 no server, 4 bad data, 5 device, 6 incomplete, 7 busy, 130 interrupted" in told


@pytest.mark.parametrize(
    ("words", "code", "kind", "said"),
    [
        (["sweeep", "--json"], 2, "usage", "sweeep"),
        (["health", "--timeout", "soon", "--json"], 2, "usage", "--timeout"),
        (["health", "box:99999", "--json"], 2, "usage", "HOST must have a port from 1 to 65535"),
        (["call", "http://box:1", "Info", "{}", "--json"], 2, "usage", "without http://"),
        (["bench", "::1:5", "--json"], 2, "usage", "an IPv6 address stands in brackets"),
        (["serve", "--listen", "127.0.0.1:65536", "--json"], 2, "usage", "port from 1 to 65535, or 0"),
    ],
)
def test_an_error_is_json_where_that_is_asked_for(run, words, code, kind, said):
    result = run(*words)
    assert result.exit_code == code
    error = json.loads(result.stdout)["error"]
    assert (error["exit_code"], error["kind"]) == (code, kind)
    assert said in error["message"]
    assert said in result.stderr


def test_no_server_is_json_too(run, closed_port):
    result = run("health", closed_port, "--timeout", "0.5", "--json")
    assert json.loads(result.stdout)["error"]["kind"] == "no server"
    assert result.exit_code == 3


def test_a_refused_request_names_its_field(run, server):
    result = run("call", server, "ComputeLogReturns", '{"prices": [1, -2]}', "--json")
    error = json.loads(result.stdout)["error"]
    assert (result.exit_code, error["kind"], error["field"], error["index"]) == (4, "bad data", "prices", 1)


def test_without_json_stdout_stays_empty(run):
    result = run("health", "box:99999")
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["MEANREV_HOST", "MEANREV_LISTEN"])
def test_a_port_is_checked_wherever_the_address_comes_from(run, name):
    for command in ("health", "info", "bench"):
        result = run(command, env={name: "127.0.0.1:70000"})
        assert result.exit_code == 2
        assert "port from 1 to 65535" in result.stderr


def test_names_are_shown_as_they_are(run):
    result = run("config", env={"MEANREV_KERNEL_CACHE": "/tmp/[bold]x[/bold]:smile:"})
    assert result.exit_code == 0
    assert "/tmp/[bold]x[/bold]:smile:" in result.stdout


def test_the_doctor_names_the_proxy(run):
    def proxy(env):
        findings = json.loads(run("doctor", "--json", env={"no_proxy": "", **env}).stdout)["findings"]
        return next((finding["found"] for finding in findings if finding["name"] == "proxy"), None)

    said = proxy({"http_proxy": "http://user:secret@proxy:9"})
    assert "the proxy that http_proxy names" in said
    assert "secret" not in said
    direct = {"http_proxy": "http://proxy:9", "MEANREV_HOST": "127.0.0.1:1"}
    assert proxy(direct) is None  # this machine is called directly


BEGUN = """
import sys
from meanrev_cli import asking
from meanrev_cli.__main__ import main
{before}
sys.exit(main({words!r}))
"""


@pytest.mark.faults
@pytest.mark.parametrize(
    "words",
    [
        ["call", "SERVER", "PortfolioHealthStream", '{"asset_ids": ["A"], "update_frequency_ms": 5}'],
        ["bench", "SERVER", "--seconds", "600"],
    ],
)
def test_an_interrupt_is_130_without_a_traceback(server, words):
    given = [server if word == "SERVER" else word for word in words]
    before = (
        "import meanrev_cli.remote as remote\n"
        "from meanrev_cli.commands import bench, call\n"
        "real = remote.connected\n"
        "import contextlib\n"
        "@contextlib.contextmanager\n"
        "def told(*arguments):\n"
        "    with real(*arguments) as channel:\n"
        "        print('begun', flush=True)\n"
        "        yield channel\n"
        "bench.connected = call.connected = told"
    )
    command = [sys.executable, "-c", BEGUN.format(words=given, before=before)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "begun\n"
            said = None
            for _ in range(10):  # compiled code may take note of a signal and drop it: then it is asked again
                process.send_signal(signal.SIGINT)
                with suppress(subprocess.TimeoutExpired):
                    _, said = process.communicate(timeout=10)
                    break
        finally:
            process.kill()  # leaving the block would wait for a stream that has no end
    assert process.returncode == 130
    assert said.strip() == "interrupted"
