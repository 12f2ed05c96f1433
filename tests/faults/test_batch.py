"""Batch runs that are killed, interrupted or out of disk: the same command goes on, and ends with the same bytes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from meanrev_batch import Shard, scan, status
from meanrev_batch.engines import local
from meanrev_batch.errors import BusyFolder
from tests.batch.universes import OPTIONS, prices, write

ANSWERS = ("pairs.parquet", "universe.parquet")
N_TILES = 15
PATIENCE_S = 120.0

pytestmark = pytest.mark.timeout(400)

KILLED_AT_A_WRITE = """
import os, signal, sys
from pathlib import Path
from meanrev_batch.engines import process
from meanrev_batch.store import Folder
number, when = int(sys.argv.pop(1)), sys.argv.pop(1)
replace, started, seen = Path.replace, process._started, []

def counted(self, target):
    seen.append(target)
    for moment in ("before", "after"):
        if moment == "after":
            replace(self, target)
        if len(seen) == number and moment == when:
            os.kill(os.getpid(), signal.SIGKILL)

def told(line):
    child = started(line)
    print(child.pid, flush=True)
    return child

Path.replace, process._started = counted, told
from meanrev_cli.__main__ import main
sys.exit(main())
"""

IN_WORKERS = """
import os, signal, sys, time
from pathlib import Path
if "meanrev_batch.engines.child" in sys.orig_argv:
    from meanrev_batch.work import scan
    test = scan.test

    def changed(prices, tile, n_train, options):
        {change}
        return test(prices, tile, n_train, options)

    scan.test = changed
"""
WAITS = "while tile.y_start and not Path({go!r}).exists(): time.sleep(0.01)"
DIES = "if tile[::2] == (16, 32): os.kill(os.getpid(), signal.SIGKILL)"


@pytest.fixture(scope="module")
def universe(tmp_path_factory):
    values = prices(80)
    values[200:, 30] = float("nan")
    return write(tmp_path_factory.mktemp("universe") / "prices.parquet", values)


@pytest.fixture(scope="module")
def expected(universe, tmp_path_factory):
    out = tmp_path_factory.mktemp("expected") / "run"
    report = scan(str(universe), out, OPTIONS, engine="here")
    assert report.chunks["test"]["total"] == N_TILES
    return answers(out)


def answers(out):
    return [(out / name).read_bytes() for name in ANSWERS]


def words(universe, out):
    asked = ["--memory", "1", "--lookback", "20", "--workers", "2", "--json"]
    return ["batch", "scan", "--universe", str(universe), "--out", str(out), *asked]


@pytest.fixture
def started(universe):
    """Start the command; what still runs at the end of the test is killed."""
    processes = []

    def start(out, **given):
        command = [sys.executable, "-m", "meanrev_cli", *words(universe, out)]
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        processes.append(subprocess.Popen(command, **streams, **given))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def ended(process):
    said = process.communicate(timeout=PATIENCE_S)
    return process.returncode, *said


def goes_on(universe, out, expected):
    """The same command goes on: the same bytes, nothing unfinished, nothing twice."""
    report = scan(str(universe), out, OPTIONS, engine="here")
    assert report.state == "complete"
    assert answers(out) == expected
    assert not list(out.rglob("*.tmp"))
    assert len(list((out / "test").iterdir())) == 2 * N_TILES
    return report


def eventually(is_so):
    until = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


def in_workers(tmp_path, change):
    """Return an environment in which workers run a change before each tile."""
    folder = tmp_path / "changed"
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(IN_WORKERS.format(change=change))
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *filter(None, sys.path)])}


@pytest.fixture
def others():
    """Child processes of this one that other tests have left."""
    return set(psutil.Process().children())


@pytest.mark.parametrize("workers", [1, 2])
def test_processes_give_the_bytes_of_one_process(universe, expected, others, tmp_path, workers):
    report = scan(str(universe), tmp_path / "run", OPTIONS, workers=workers)
    assert (report.state, report.retried) == ("complete", 0)
    assert answers(tmp_path / "run") == expected
    assert set(psutil.Process().children()) <= others


@pytest.mark.parametrize(
    ("number", "when"),
    [
        (1, "before"),
        (2, "after"),
        (3, "before"),
        (4, "after"),
        (9, "before"),
        (18, "before"),
        (30, "after"),
        (34, "before"),
    ],
)
def test_a_driver_that_is_killed_at_a_write(universe, expected, tmp_path, number, when):
    """Write 1 is the matrix, 2 universe.parquet, 3 run.json; then two for each tile, one for each list, the answer."""
    out = tmp_path / "run"
    command = [sys.executable, "-c", KILLED_AT_A_WRITE, str(number), when, *words(universe, out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    eventually(lambda: not any(map(psutil.pid_exists, map(int, done.stdout.split()))))
    report = goes_on(universe, out, expected)
    assert report.removed == (when == "before")


@pytest.mark.parametrize(("number", "when"), [(3, "after"), (6, "after"), (7, "before"), (11, "before"), (12, "after")])
def test_a_driver_of_a_sweep_that_is_killed_at_a_write(universe, tmp_path, number, when):
    """Writes 1 to 5 are the matrix, three tables and run.json; then two for each of five chunks, and two answers."""
    words = ["batch", "sweep", "--universe", str(universe), "--entry", "1:2:1", "--walk-forward", "100/50", "--json"]
    whole, out = ([*words, "--out", str(tmp_path / name), "--workers", "1"] for name in ("whole", "run"))
    for given, code, killed_at in ((whole, 0, "99"), (out, -signal.SIGKILL, str(number)), (out, 0, "99")):
        command = [sys.executable, "-c", KILLED_AT_A_WRITE, killed_at, when, *given]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        assert done.returncode == code, done.stderr
    for name in ("best", "walk"):
        assert (tmp_path / f"run/{name}.parquet").read_bytes() == (tmp_path / f"whole/{name}.parquet").read_bytes()
    assert not list(tmp_path.rglob("*.tmp"))
    assert len(list((tmp_path / "run/sweep").iterdir())) == 2 * 5


@pytest.mark.parametrize("n_done", [1, 7, 13])
def test_a_worker_that_is_killed(universe, expected, others, tmp_path, n_done):
    killed = []

    def watch(event):
        if event.stage == "test" and event.done == n_done and not killed:
            killed.append(next(iter(set(psutil.Process().children()) - others)))
            killed[0].kill()

    report = scan(str(universe), tmp_path / "run", OPTIONS, workers=2, watch=watch)
    assert killed
    assert (report.state, report.failed) == ("complete", [])
    assert answers(tmp_path / "run") == expected


def test_a_chunk_at_which_workers_end_is_poison_and_the_others_are_done(universe, expected, tmp_path, monkeypatch):
    out = tmp_path / "run"
    monkeypatch.syspath_prepend(str(tmp_path / "changed"))
    in_workers(tmp_path, DIES)
    report = scan(str(universe), out, OPTIONS, workers=2)
    assert (report.state, report.chunks["test"]["done"], report.retried) == ("incomplete", N_TILES - 1, 1)
    assert [(each["reason"], each["attempts"]) for each in report.failed] == [
        ("two workers ended while they computed it, the last by signal 9", 2)
    ]
    assert status(out)["failed"] == report.failed
    (tmp_path / "changed/sitecustomize.py").unlink()
    assert goes_on(universe, out, expected).failed == []


def test_both_are_killed(universe, expected, tmp_path, started):
    out, go = tmp_path / "run", tmp_path / "go"
    driver = started(out, env=in_workers(tmp_path, WAITS.format(go=str(go))))
    eventually(lambda: len(list((out / "test").glob("*.parquet"))) == 5)
    children = psutil.Process(driver.pid).children()
    assert len(children) == 2
    children[0].kill()
    driver.kill()
    assert ended(driver)[0] == -signal.SIGKILL
    eventually(lambda: not any(child.is_running() for child in children))
    goes_on(universe, out, expected)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_lets_what_is_under_way_end(universe, expected, tmp_path, started, number):
    out, go = tmp_path / "run", tmp_path / "go"
    driver = started(out, env=in_workers(tmp_path, WAITS.format(go=str(go))))
    eventually(lambda: len(list((out / "test").glob("*.parquet"))) == 5)
    driver.send_signal(number)
    time.sleep(3 * local._GLANCE_S)  # in which the driver sees it; if it does not, the numbers below differ
    go.touch()
    code, shown, _ = ended(driver)
    assert code == 130
    assert '"state": "cancelled"' in shown
    assert status(out)["chunks"]["test"]["done"] == 7
    goes_on(universe, out, expected)


def test_a_second_interrupt_ends_what_is_under_way(universe, expected, tmp_path, started):
    out = tmp_path / "run"
    driver = started(out, env=in_workers(tmp_path, WAITS.format(go="/never")))
    eventually(lambda: len(list((out / "test").glob("*.parquet"))) == 5)
    children = psutil.Process(driver.pid).children()
    driver.send_signal(signal.SIGINT)
    time.sleep(0.1)  # two signals at once are one
    driver.send_signal(signal.SIGINT)
    code, _, _ = ended(driver)
    assert code == 130
    assert not any(child.is_running() for child in children)
    assert status(out)["chunks"]["test"]["done"] == 5
    goes_on(universe, out, expected)


@pytest.mark.parametrize(("n_bytes", "n_done"), [(20_000, None), (160_000, N_TILES)])
def test_a_full_disk(universe, expected, tmp_path, n_bytes, n_done):
    """The first limit is below the matrix, the second one above it and below the answer."""
    out = tmp_path / "run"
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({n_bytes}, {n_bytes}))"
    code = (
        f"{limited}; import sys; sys.argv[1:] = {words(universe, out)!r}; from meanrev_cli.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 1, done.stderr
    assert "File too large; what was computed before is kept" in done.stderr
    assert not list(out.rglob("*.tmp"))
    assert (n_done is None) == (not (out / "run.json").exists())
    if n_done is not None:
        assert status(out)["chunks"]["test"]["done"] == n_done
    goes_on(universe, out, expected)


def test_two_runs_in_one_folder_refuse_each_other(universe, expected, tmp_path, started):
    """The second one is refused before it writes anything, and the first one is not disturbed, nor a run after it."""
    out, go = tmp_path / "run", tmp_path / "go"
    driver = started(out, env=in_workers(tmp_path, WAITS.format(go=str(go))))
    eventually(lambda: len(list((out / "test").glob("*.parquet"))) == 5)
    for shard in (None, Shard(1, 2)):
        with pytest.raises(BusyFolder, match="another run computes in"):
            scan(str(universe), out, OPTIONS, engine="here", shard=shard)
    code, _, said = ended(started(out))
    assert (code, "another run computes in" in said) == (7, True)
    go.touch()
    assert ended(driver)[0] == 0
    assert answers(out) == expected
    goes_on(universe, out, expected)


def test_a_driver_without_a_child_that_can_start(universe, expected, tmp_path, started):
    """Workers that end at once make the run stop, with the reason."""
    out = tmp_path / "run"
    env = in_workers(tmp_path, "pass")
    Path(tmp_path / "changed/sitecustomize.py").write_text("import os, sys\nif '-P' in sys.orig_argv: os._exit(7)\n")
    code, shown, _ = ended(started(out, env=env))
    assert code == 6
    assert "3 of the first 3 chunks failed" in shown
    assert "the last by exit status 7" in shown
    goes_on(universe, out, expected)
