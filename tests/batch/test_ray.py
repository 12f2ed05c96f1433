"""The engine of Ray: what it refuses without a cluster, and the bytes of one process with one."""

import signal
import socket
import sys

import msgspec
import psutil
import pytest

from meanrev_batch import scan, sweep
from meanrev_batch.engines import Stop
from meanrev_batch.errors import BadOption, NoDevice, NoEngine
from meanrev_batch.options import SweepOptions
from tests.batch.universes import OPTIONS

TASKS = ("ray::_performed", "ray::IDLE")
"""What workers of Ray are called while they compute, and between two tasks; its own processes have other names."""

ANSWERS = ("pairs.parquet", "universe.parquet")


@pytest.fixture(scope="module")
def ray():
    """Ray, whose workers find this checkout."""
    return pytest.importorskip("ray", reason="needs the package ray, which the extra [ray] brings")


@pytest.fixture
def dead_address():
    """An address on which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


def answers(folder):
    return [(folder / name).read_bytes() for name in ANSWERS]


def test_a_dead_address_is_refused_before_anything_is_read(universe, tmp_path, dead_address):
    with pytest.raises(NoEngine, match=f"no Ray cluster answers at {dead_address} .*; --address is HOST:PORT"):
        scan(str(universe), tmp_path / "run", OPTIONS, engine="ray", address=dead_address)
    assert not (tmp_path / "run/run.json").exists()
    for address in ("nowhere", "127.0.0.1:port", "127.0.0.1:99999"):
        with pytest.raises(NoEngine, match="no Ray cluster answers"):
            scan(str(universe), tmp_path / "run", OPTIONS, engine="ray", address=address)


def test_without_ray_it_says_what_to_install(universe, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(NoEngine, match=r"needs the package ray, which the extra \[ray\] brings"):
        scan(str(universe), tmp_path / "run", OPTIONS, engine="ray")


@pytest.mark.parametrize(("given", "field"), [({"address": "host:1"}, "address"), ({"gpus": 1}, "gpus")])
def test_options_of_a_cluster_go_with_it_alone(universe, tmp_path, given, field):
    with pytest.raises(BadOption, match=f"{field} must be given with --engine ray alone"):
        scan(str(universe), tmp_path / "run", OPTIONS, engine="local", **given)
    with pytest.raises(BadOption, match="gpus must be at least 0"):
        scan(str(universe), tmp_path / "run", OPTIONS, engine="ray", gpus=-1)


@pytest.mark.usefixtures("ray")
@pytest.mark.timeout(300)
def test_a_cluster_of_this_machine_gives_the_bytes_of_one_process(universe, scanned, tmp_path):
    report = scan(str(universe), tmp_path / "run", OPTIONS, engine="ray", workers=2)
    assert (report.state, report.workers, report.retried) == ("complete", 2, 0)
    assert answers(tmp_path / "run") == answers(scanned)
    assert report.nodes == [socket.gethostname()]


@pytest.mark.usefixtures("ray")
@pytest.mark.timeout(300)
def test_windows_and_sweeps_give_the_bytes_of_one_process(universe, tmp_path):
    windows = msgspec.structs.replace(OPTIONS, windows=(120, 60, 60))
    grid = SweepOptions(entry=(1.0, 2.0), exit=(0.0,), walk_forward=(100, 40))
    for engine in ("here", "ray"):
        scan(str(universe), tmp_path / engine / "scan", windows, engine=engine, workers=2)
        sweep(str(universe), tmp_path / engine / "sweep", grid, engine=engine, workers=2)
    for name in ("scan/pairs.parquet", "sweep/best.parquet", "sweep/walk.parquet"):
        assert (tmp_path / "ray" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()


@pytest.mark.usefixtures("ray")
@pytest.mark.timeout(300)
def test_no_gpu_is_refused(universe, tmp_path):
    with pytest.raises(NoDevice, match="the cluster has 0 GPUs, and --gpus asks for 1"):
        scan(str(universe), tmp_path / "run", OPTIONS, engine="ray", workers=1, gpus=1)


@pytest.mark.usefixtures("ray")
@pytest.mark.timeout(300)
def test_a_worker_that_is_killed_and_an_interrupt(universe, scanned, tmp_path, capsys):
    """A worker is killed after the first chunk, and the run is asked to stop after the second one; then it goes on."""
    stop, seen = Stop(), []

    def watch(event):
        if event.stage == "test" and event.done != (seen[-1] if seen else None):
            seen.append(event.done)
            if event.done == 1:
                [*workers] = (each for each in psutil.Process().children(recursive=True) if _title(each) in TASKS)
                assert workers
                for worker in workers:
                    worker.kill()
            stop.asked = int(event.done >= 3)

    report = scan(str(universe), tmp_path / "run", OPTIONS, engine="ray", workers=1, watch=watch, stop=stop)
    assert "(raylet)" not in capsys.readouterr().out
    assert report.state == "cancelled"
    assert report.failed == []
    assert 3 <= report.chunks["test"]["done"] < 6
    handlers = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    again = scan(str(universe), tmp_path / "run", OPTIONS, engine="ray", workers=2)
    assert again.state == "complete"
    assert answers(tmp_path / "run") == answers(scanned)
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == handlers


def _title(process):
    try:
        return process.cmdline()[0]
    except (psutil.Error, IndexError):
        return ""
