"""`meanrev batch` from its words to its exit codes."""

import json
import sys

import polars as pl
import pytest

from meanrev_batch.store import Folder
from tests.batch.universes import prices, write

WORDS = ("--memory", "1", "--lookback", "20", "--engine", "here")


@pytest.fixture(scope="module")
def universe(tmp_path_factory):
    values = prices(34, 240)
    values[210:, 3] = float("nan")
    values[:, 5] = 7.0
    return str(write(tmp_path_factory.mktemp("universe") / "prices.parquet", values))


def document(done):
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_scan_status_and_clean(run, universe, tmp_path):
    out = str(tmp_path / "run")
    done = run("batch", "scan", "--universe", universe, "--out", out, *WORDS)
    assert done.exit_code == 0
    said = done.stdout.splitlines()
    assert said[0] == "34 names, 33 tested; left out: 1 constant (universe.parquet)"
    assert said[1].startswith("528 of 528 pairs tried, ")
    assert "survivorship: names as given; 1 name ends within the test part" in said
    assert said[-1] == f"Saved: {tmp_path / 'run/pairs.parquet'}"
    found = document(run("batch", "status", out, "--json"))
    assert found["chunks"]["test"] == {"done": 5, "total": 5}
    assert found["report"]["state"] == "complete"
    assert "stage test: 5 of 5 chunks" in run("batch", "status", out).stdout
    assert document(run("batch", "clean", out, "--json"))["removed_bytes"] > 33 * 240 * 8


def test_shards_and_gather(run, universe, tmp_path):
    out = str(tmp_path / "run")
    words = ("batch", "scan", "--universe", universe, "--out", out, *WORDS)
    first = run(*words, "--shard", "1/2", "--stage", "test")
    assert first.exit_code == 0
    assert first.stdout.splitlines()[-1] == (
        "the tests of this shard are done: when all shards have said so, run each once more, with --stage trade"
    )
    assert document(run(*words, "--shard", "1/2", "--json"))["next"] == "trade"
    too_early = run(*words, "--shard", "1/2", "--stage", "trade")
    assert (too_early.exit_code, "2 of 5 chunks of stage test are missing" in too_early.stderr) == (6, True)
    early = run("batch", "gather", out)
    assert (early.exit_code, "2 of 5 chunks of stage test are missing" in early.stderr) == (6, True)
    second = document(run(*words, "--shard", "2/2", "--json"))
    assert (second["next"], second["chunks"].keys()) == ("gather", {"test", "trade"})
    last = run(*words, "--shard", "1/2", "--stage", "trade")
    assert last.stdout.splitlines()[-1] == f"when all shards have said so: meanrev batch gather {out}"
    gathered = document(run("batch", "gather", out, "--json"))
    assert (gathered["state"], gathered["next"]) == ("complete", "")


def test_a_folder_in_which_another_run_computes(run, universe, tmp_path):
    """Exit code 7, before anything is read, so that a scheduler can tell it from words that stay wrong."""
    out = tmp_path / "run"
    other = Folder(out).made()
    other.lock()
    words = ("batch", "scan", "--universe", universe, "--out", str(out), *WORDS)
    try:
        busy = run(*words, "--json")
    finally:
        other.close()
    assert busy.exit_code == 7
    error = json.loads(busy.stdout)["error"]
    assert (error["kind"], error["message"]) == (
        "busy",
        f"another run computes in {out}; wait for its end, or give another --out",
    )
    assert [path.name for path in out.iterdir() if path.is_file()] == ["run.lock"]
    assert run(*words).exit_code == 0


def test_plan_takes_the_words_of_scan_and_writes_nothing(run, universe, tmp_path):
    words = ("batch", "plan", "--universe", universe, "--memory", "1", "--lookback", "20", "--workers", "4")
    found = document(run(*words, "--dollars-per-hour", "3.5", "--json"))
    assert (found["n_kept"], found["n_pairs"], found["chunks"]["test"], found["workers"]) == (33, 528, 5, 4)
    said = run(*words).stdout.splitlines()
    assert said[0].startswith("34 names, 33 tested; 528 pairs, about ")
    assert said[1].startswith("5 chunks of 16 by 16 names to test, about 1 lists to trade")
    assert said[-1].endswith("above --memory (0 MB), because a chunk is not made smaller than 16 names")
    assert not list(tmp_path.iterdir())


def test_windows_and_members(run, universe, tmp_path):
    (tmp_path / "members.csv").write_text(
        "name,from,to\n" + "".join(f"N{number:02d},2015-01-01,\n" for number in range(20))
    )
    words = (
        "batch",
        "scan",
        "--universe",
        universe,
        "--windows",
        "100,50,40",
        "--members",
        str(tmp_path / "members.csv"),
    )
    found = document(run(*words, "--out", str(tmp_path / "run"), *WORDS, "--json"))
    assert [window["n_kept"] for window in found["windows"]] == [19, 19, 19]
    assert found["dropped"] == {"constant": 1, "not_member": 14}
    said = run("batch", "gather", str(tmp_path / "run")).stdout.splitlines()
    assert said[2].startswith("3 windows, formed at 2015-05-20 to 2015-09-09, with 19 to 19 names each")
    assert "survivorship: members at each formation date; 1 name ends within a test part" in said
    plan = ("batch", "plan", *words[2:], "--lookback", "20", "--workers", "1", "--json")
    assert document(run(*plan))["n_pairs"] == found["n_pairs"]


def test_a_sweep_and_fits(run, universe, tmp_path):
    out, grid = str(tmp_path / "sweep"), ("--entry", "1:2:0.5", "--exit", "0:0.5:0.5", "--lookback", "10")
    words = ("batch", "sweep", "--universe", universe, "--out", out, "--engine", "here", *grid, "--cost", "5bp")
    done = run(*words, "--walk-forward", "100/50")
    assert done.exit_code == 0, done.output
    said = done.stdout.splitlines()
    assert said[:3] == [
        "34 names, 34 tested",
        "34 series: 34 ok; 204 tries in all",
        "survivorship: names as given",
    ]
    assert said[-2:] == [f"Saved: {tmp_path / f'sweep/{name}.parquet'}" for name in ("best", "walk")]
    assert run("batch", "status", out).stdout.splitlines()[1] == "stage sweep: 3 of 3 chunks"
    walk = pl.read_parquet(tmp_path / "sweep/walk.parquet")
    assert walk.height == 34 * 2
    again = run(*words, "--walk-forward", "100/40")
    assert (again.exit_code, "walk_forward is [100, 50] there and [100, 40] here" in again.stderr) == (2, True)
    fits = (
        "batch",
        "fit",
        "--universe",
        universe,
        "--out",
        str(tmp_path / "fit"),
        "--engine",
        "here",
        "--columns",
        "N01",
    )
    assert document(run(*fits, "--bias", "jackknife", "--json"))["by_status"] == {"converged": 1}
    assert pl.read_parquet(tmp_path / "fit/fits.parquet")["name"].to_list() == ["N01"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("sweep", "--entry", "2:1:0.5"), "--entry must be"),
        (("sweep", "--lookback", "1"), "--lookback"),
        (("sweep", "--stop", "2.5"), "--stop must be above every entry level"),
        (("sweep", "--walk-forward", "0/10"), "--walk-forward must be bars of the train and the test part"),
        (("sweep", "--pairs", "none.parquet"), "File 'none.parquet' does not exist"),
        (("fit", "--dt", "0"), "--dt: expected `float` > 0"),
        (("fit", "--pairs", __file__), "--pairs cannot be read"),
    ],
)
def test_bad_input_of_sweeps_and_fits(run, universe, tmp_path, words, said):
    done = run("batch", *words, "--universe", universe, "--out", str(tmp_path / "run"), "--engine", "here")
    assert said in done.stderr
    assert done.exit_code == 2


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--split", "soon"), 2, "--split must be the last day of the train part, such as 2022-12-30, or the number"),
        (("--select", "p"), 2, "--select must be p<LEVEL or q<LEVEL with a level above 0 and at most 1"),
        (("--least-bars", "2"), 2, "--least-bars: expected `float` <= 1.0"),
        (("--shard", "3/2"), 2, "is no shard: give I/N with I from 1 to N, such as 2/3"),
        (("--memory", "much"), 2, "'much' is no size: give 512MB or 2GB"),
        (("--fresh", "--extend"), 2, "--fresh must not be given with extend"),
        (("--windows", "100,50"), 2, "are no windows: give TRAIN,TEST,STEP in bars, such as 756,126,126"),
        (("--windows", "100,50,0"), 2, "are no windows"),
        (("--windows", "100,50,10", "--split", "120"), 2, "--windows must not be given with split"),
        (("--stage", "test"), 2, "--stage goes with --shard"),
        (("--engine", "ray", "--address", "127.0.0.1:1"), 3, "no Ray cluster answers at 127.0.0.1:1"),
        (("--address", "127.0.0.1:1"), 2, "--address must be given with --engine ray alone"),
        (("--fresh", "--shard", "1/2"), 2, "--fresh must not be given with shard"),
        (("--prices-as-they-are", "--columns", "N05"), 4, "has 0 names that can be used of 1 (1 constant"),
    ],
)
def test_bad_input(run, universe, tmp_path, words, code, said):
    done = run("batch", "scan", "--universe", universe, "--out", str(tmp_path / "run"), *WORDS, *words)
    assert said in done.stderr
    assert done.exit_code == code


def test_a_folder_with_other_files_is_refused(run, universe, tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    done = run("batch", "scan", "--universe", universe, "--out", str(tmp_path), *WORDS)
    assert (done.exit_code, "holds thesis.tex and no run; give another --out" in done.stderr) == (2, True)
    assert run("batch", "status", str(tmp_path)).exit_code == 2


def test_without_the_extra_it_says_what_to_install(run, universe, tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("meanrev_batch")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    done = run("batch", "scan", "--universe", universe, "--out", str(tmp_path / "run"), *WORDS)
    assert done.exit_code == 2
    assert "meanrev batch needs pyarrow, which the extra [batch] brings" in done.stderr
