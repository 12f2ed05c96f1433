"""`meanrev serve` as a supervisor meets it: one line, logs beside it, signals, exit codes."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from gpu_kernels.errors import KernelError
from meanrev_worker import blas
from tests.cli.conftest import READY, start, stop
from tests.gpu_kernels.native import needs_compiler


def serve(*words, env=None):
    command = [sys.executable, "-m", "meanrev_cli", "serve", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=env)


def test_prints_one_line_when_it_is_ready_and_ends_well_on_sigterm():
    process, address = start()
    assert re.fullmatch(r"127\.0\.0\.1:\d+", address)
    code, out, err = stop(process)
    assert code == 0
    assert out == ""
    assert "serving" in err
    assert "stopped" in err
    assert "Traceback" not in err


@pytest.mark.faults
def test_it_answers_once_the_line_is_there(run):
    process, address = start()
    result = run("health", address)
    stop(process)
    assert result.exit_code == 0


@pytest.mark.faults
def test_sigint_stops_it_too():
    process, _ = start()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in err


@pytest.mark.faults
def test_a_stop_waits_for_calls_in_flight_no_longer_than_grace(run):
    import grpc

    from meanrev_wire import meanrev_pb2

    process, address = start("--grace", "0.5")
    with grpc.insecure_channel(address) as channel:
        stream = channel.stream_stream("/meanrev.MeanRevService/EstimateOUParams")
        never_ending = iter(lambda: time.sleep(0.05) or meanrev_pb2.PriceUpdate(price=1.0).SerializeToString(), None)
        replies = stream(never_ending)
        next(replies)
        code, _, _ = stop(process)  # which would wait for ever for that stream
        replies.cancel()
    assert code == 0


SLOW = """
import time
from gpu_kernels.returns import host
from meanrev_cli.__main__ import main
from meanrev_server.handlers import compute_log_returns
compute_log_returns._BRIEF = 0
host.compute = lambda *arguments: time.sleep(60)
main(["serve", "--listen", "127.0.0.1:0", "--backend", "numpy", "--grace", GRACE])
"""


@pytest.mark.faults
@pytest.mark.parametrize(("grace", "signals"), [("0.2", 1), ("50", 2)])
def test_a_stop_waits_for_no_computation_after_grace_or_a_second_signal(grace, signals):
    import grpc

    from meanrev_wire import meanrev_pb2

    command = [sys.executable, "-c", SLOW.replace("GRACE", repr(grace))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with grpc.insecure_channel(process.stdout.readline().removeprefix(READY).strip()) as channel:
        ask = channel.unary_unary("/meanrev.MeanRevService/ComputeLogReturns")
        answer = ask.future(meanrev_pb2.ReturnsRequest(prices=[1.0, 2.0]).SerializeToString(), timeout=60)
        time.sleep(0.5)
        for _ in range(signals):
            process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
        process.communicate(timeout=60)
        assert not answer.done() or answer.code() is not grpc.StatusCode.OK
    assert process.returncode == 0


@pytest.mark.faults
def test_json_says_the_address_as_json():
    process, line = start("--json")
    stop(process)
    assert re.fullmatch(r"127\.0\.0\.1:\d+", json.loads(line)["listening"])


@pytest.mark.faults
def test_log_lines_are_json_where_asked():
    process, address = start("--log", "json")
    _, _, err = stop(process)
    first = json.loads(err.splitlines()[0])
    assert first["event"] == "serving"
    assert first["address"] == address


@pytest.mark.faults
def test_log_level_quietens_it():
    process, _ = start("--log-level", "error")
    assert stop(process)[2] == ""


@pytest.mark.faults
def test_a_unix_socket(tmp_path, run):
    command = [sys.executable, "-m", "meanrev_cli", "serve", "--listen", f"unix:{tmp_path}/s"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == f"{READY}unix:{tmp_path}/s\n"
    result = run("health", f"unix:{tmp_path}/s")
    assert stop(process)[0] == 0
    assert result.exit_code == 0


@pytest.mark.faults
def test_a_port_in_use_is_one_clear_line(server):
    done = serve("--listen", server)
    assert done.returncode == 3
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert f"cannot listen on '{server}'" in done.stderr
    assert "--listen (or MEANREV_LISTEN" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--listen", "nowhere"], "listen must be HOST:PORT or unix:/path, got 'nowhere'"),
        (["--listen", "0.0.0.0:0"], "--insecure"),
        (["--grace", "-1"], "--grace"),
        (["--compute-threads", "0"], "--compute-threads"),
        (["--config", "missing.toml"], "missing.toml"),
    ],
)
def test_a_setting_that_cannot_be_is_a_usage_error_naming_its_knob(run, words, said):
    done = run("serve", *words)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def no_gpu():
    from gpu_kernels import device
    from gpu_kernels.errors import DeviceFault

    try:
        device.describe()
    except DeviceFault as fault:
        return str(fault)
    return ""


@pytest.mark.faults
@pytest.mark.skipif(not no_gpu(), reason="needs a machine without a GPU")
def test_a_gpu_that_is_asked_for_and_missing_ends_it_at_once_with_the_reason_and_the_fix():
    done = serve("--listen", "127.0.0.1:0", "--backend", "cuda")
    assert done.returncode == 5
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert f"backend 'cuda' cannot run here: {no_gpu()}; " in done.stderr
    assert re.search(r"pip install '.\[gpu\]'|NVIDIA driver|CUDA_VISIBLE_DEVICES", done.stderr)
    assert "--backend (or MEANREV_BACKEND" in done.stderr


@pytest.mark.faults
@needs_compiler
def test_a_kernel_cache_that_cannot_be_written_is_one_line_that_names_it():
    done = serve(
        "--listen", "127.0.0.1:0", "--backend", "native", env={**os.environ, "MEANREV_KERNEL_CACHE": "/proc/kernels"}
    )
    assert done.returncode == 5
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "the kernel cache /proc/kernels cannot be made" in done.stderr
    assert "let kernel_cache name a folder that this user owns and can write to" in done.stderr


def test_an_unknown_key_of_the_file_is_refused(run, tmp_path):
    path = tmp_path / "meanrev.toml"
    path.write_text("listne = '127.0.0.1:0'\n", encoding="utf-8")
    done = run("serve", "--config", str(path))
    assert done.exit_code == 2
    assert "unknown setting 'listne'" in done.stderr


def test_a_backend_that_computes_wrong_answers_is_a_device_error(monkeypatch, run):
    from meanrev_cli.commands import serve as module

    def fail(settings):
        raise KernelError("the numpy backend fails its self-test")

    monkeypatch.setattr(sys.modules[module.__module__] if not hasattr(module, "App") else module, "App", fail)
    result = run("serve", "--listen", "127.0.0.1:0")
    assert result.exit_code == 5
    assert "--backend" in result.stderr


def test_matrix_products_share_the_cpus_with_other_computations(monkeypatch, run):
    from meanrev_cli.commands import serve as module

    place = sys.modules[module.__module__] if not hasattr(module, "App") else module
    limits = []

    def leave(settings):
        raise KernelError("enough")

    monkeypatch.setattr(blas, "limit", limits.append)
    monkeypatch.setattr(place, "App", leave)
    monkeypatch.setenv("MEANREV_BLAS_THREADS", "3")
    run("serve", "--listen", "127.0.0.1:0")
    assert limits == [3]
