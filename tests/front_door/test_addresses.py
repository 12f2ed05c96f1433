"""Addresses, proxies, pickles, sizes and settings: what never reaches the wire, or must fit through it."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

import meanrev as mr
from tests.front_door.series import reverting

WRONG = ["localhost:0", "localhost:70000", "127.0.0.1:65536", "[::1]:99999", "localhost:http", "localhost:-1", "box:"]
PROXIES = ["http_proxy", "https_proxy", "grpc_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy", "GRPC_PROXY"]
MANY = np.column_stack([reverting(200, seed) for seed in range(40)])
GRID = {"entry": "0.5:3:0.1", "exit": "-0.5:1.4:0.1", "cost_per_side": 0.0, "lookback": 10}


@pytest.mark.parametrize("address", WRONG)
@pytest.mark.parametrize("kind", [mr.Client, mr.AsyncClient])
def test_a_port_out_of_range_is_refused_at_once(kind, address):
    """A port beyond 65535 wrapped around and reached another server."""
    with pytest.raises(mr.InvalidInput, match=r"port|65535"):
        kind(address)


def test_a_port_from_the_environment_is_checked_too(monkeypatch):
    """The same where MEANREV_HOST says it."""
    monkeypatch.setenv("MEANREV_HOST", "127.0.0.1:70000")
    with pytest.raises(mr.InvalidInput, match=r"port|65535"):
        mr.Client()


@pytest.mark.parametrize("variable", PROXIES)
def test_loopback_goes_direct(address, monkeypatch, variable):
    """On a company's machine every call to 127.0.0.1 went to the proxy; loopback needs none."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    with mr.Client(address, timeout=30) as connected:
        assert connected.log_returns([1.0, 2.0]).n_periods == 1


def test_an_error_elsewhere_names_the_proxy(monkeypatch):
    """A server on another machine is asked through the proxy; where that fails, the error names the variable."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with pytest.raises(mr.MeanRevError, match="http_proxy"):
        mr.Client("192.0.2.1:50051", timeout=1.0).log_returns([1.0, 2.0])


def test_doctor_shows_the_proxy(run, monkeypatch):
    """Who asks the doctor why nothing answers sees the variable."""
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    assert "https_proxy" in run("doctor", "--json").stdout


def test_a_client_of_a_remote_server_pickles(address):
    """Process pools pickle what they are given: address and settings go along, and the copy works."""
    with mr.Client(address, timeout=7.0) as original:
        original.log_returns([1.0, 2.0])
        copy = pickle.loads(pickle.dumps(original))
    with copy:
        assert (copy.address, copy.timeout) == (address, 7.0)
        assert copy.log_returns([1.0, 2.0]).n_periods == 1


def test_a_timed_out_call_leaves_nothing_on_stderr(address):
    """A call that gave up left a traceback behind when the program ended."""
    code = (
        "import asyncio, sys, numpy as np, meanrev as mr\n"
        "async def main():\n"
        "    client = mr.AsyncClient(sys.argv[1])\n"
        "    for _ in range(3):\n"
        "        try: await asyncio.wait_for(client.sweep(np.random.default_rng(1).random((3000, 10)) + 9), 0.05)\n"
        "        except TimeoutError: pass\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, address],
        capture_output=True,
        text=True,
        timeout=60,
        env=dict(os.environ),
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_an_answer_larger_than_a_message_comes_in_parts(client):
    """A sweep's answer was refused as too large after all the work; it arrives in parts, and is the same."""
    right = client.sweep(MANY, **GRID)
    assert right.figures.sharpe_ratio.nbytes > 100_000
    with mr.serve(grace_s=0, max_message_bytes=65_536) as where, mr.Client(where) as connected:
        got = connected.sweep(MANY[:, :40], **GRID)
        np.testing.assert_array_equal(got.figures.sharpe_ratio, right.figures.sharpe_ratio)
        kept = connected.submit("sweep", MANY, **GRID).result()
        np.testing.assert_array_equal(kept.figures.num_trades, right.figures.num_trades)


def test_a_message_too_large_names_its_setting():
    """A price series over the limit of one message is refused with the limit, its setting and the size."""
    with (
        mr.serve(grace_s=0, max_message_bytes=65_536) as where,
        mr.Client(where) as connected,
        pytest.raises(mr.Overloaded, match=r"(?i)max_message_bytes"),
    ):
        connected.log_returns(np.arange(1.0, 20_001.0))


def test_a_matrix_too_large_is_refused_before_it_is_sent():
    """A request that can never fit is refused as permanent, with limit, setting and size."""
    with mr.serve(grace_s=0, max_matrix_bytes=8_192, max_message_bytes=65_536) as where, mr.Client(where) as connected:
        with pytest.raises(mr.MeanRevError, match=r"(?i)max_matrix_bytes") as caught:
            connected.fit_ou(MANY)
        assert "try again" not in str(caught.value)
        assert "8192" in str(caught.value) or "8,192" in str(caught.value)


@pytest.mark.parametrize("large", ["matrix", "message"])
def test_settings_that_contradict_each_other_do_not_start_or_do_not_bind(large):
    """What one setting allows and another never lets in was answered "busy, try again" for ever."""
    settings = {"max_bytes_in_flight": 2**20, "max_message_bytes": 2**20, f"max_{large}_bytes": 2**26}
    prices = np.repeat(MANY[:, :1], 1_000, axis=0)
    try:
        with mr.serve(grace_s=0, **settings) as where, mr.Client(where, timeout=10) as connected:
            if large == "matrix":
                assert connected.fit_ou(prices).n_samples.tolist() == [200_000]
            else:
                assert connected.log_returns(prices[:, 0]).n_periods == 199_999
    except mr.InvalidInput as error:
        assert "max_bytes_in_flight" in str(error)  # noqa: PT017 - refused at the start is right as well
        assert f"max_{large}_bytes" in str(error)  # noqa: PT017 - as above


@pytest.mark.parametrize("method", ["sweep", "fit_ou", "scan"])
def test_a_dry_run_says_what_a_call_takes(client, method):
    """An estimate of time, memory and answer comes back, and nothing is computed."""
    estimate = getattr(client, method)(MANY, dry_run=True)
    assert estimate.work > 0
    assert estimate.peak_bytes >= MANY.nbytes
    assert estimate.reply_bytes > 0


@pytest.mark.faults
def test_a_fork_beside_a_server_is_safe_or_refused(address):
    """Children that were forked while a server ran in the process died of signals, or never ended."""
    code = (
        "import os, sys, numpy as np, meanrev as mr\n"
        "x = np.random.default_rng(1).normal(size=50).cumsum() * 0.1 + 50\n"
        "codes = []\n"
        "with mr.serve(grace_s=0) as where, mr.Client(where) as client:\n"
        "    client.ou(x)\n"
        "    for _ in range(8):\n"
        "        pid = os.fork()\n"
        "        if not pid:\n"
        "            try: mr.Client('local').ou(x)\n"
        "            except mr.MeanRevError as error: sys.stderr.write(f'refused: {error}\\n')\n"
        "            os._exit(0)\n"
        "        codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
        "    client.ou(x)\n"
        "print(codes)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 or "fork" in done.stderr, done.stderr
    assert "-" not in done.stdout, done.stdout
