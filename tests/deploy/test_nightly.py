"""deploy/batch: the commands of its files are run, with a stand-in for the scheduler, and give the bytes of one run."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from meanrev_batch.engines import local
from meanrev_cli.failure import ExitCode
from tests.batch.universes import days, prices, write

ROOT = Path(__file__).resolve().parents[2]
BATCH = ROOT / "deploy" / "batch"
KUBERNETES, UNIT, TIMER = (BATCH / name for name in ("kubernetes.yaml", "meanrev-batch.service", "meanrev-batch.timer"))

pytestmark = pytest.mark.skipif(not BATCH.is_dir(), reason="needs the checkout, and this run has the wheel alone")

OURS = """#!/bin/sh
[ "$2" != scan ] || set -- "$@" --memory 1 --lookback 20 --engine here
exec {python} -m meanrev_cli "$@"
"""
"""Stands in for the command `meanrev`: small tiles, so that the shards have several, and no workers to start."""

SBATCH = """#!/bin/bash
set -e
job=$(($(cat "$JOBS" 2>/dev/null || echo 0) + 1))
echo $job >"$JOBS"
echo "$@" >>"$JOBS.words"
tasks=
for word; do
  case $word in --array=*) IFS=- read -r first last <<<"${word#--array=}"; tasks=$(seq "$first" "$last") ;; esac
done
if [[ $tasks ]]; then
  for task in $tasks; do SLURM_ARRAY_TASK_ID=$task SLURM_CPUS_PER_TASK=4 bash "${@: -1}" >>"$JOBS.said"; done
else
  bash "${@: -1}" >>"$JOBS.said"
fi
echo "$job;cluster"
"""
"""Stands in for Slurm: runs what is submitted at once, task after task. A job begins when those before have ended."""

SPLIT = str(days(150)[-1])[:10]


def found(pattern, file):
    return re.findall(pattern, file.read_text(encoding="utf-8"), re.MULTILINE)


def program(path, text):
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """A folder with the commands that the files call."""
    folder = tmp_path_factory.mktemp("bin")
    program(folder / "meanrev", OURS.format(python=sys.executable))
    program(folder / "sbatch", SBATCH)
    return folder


@pytest.fixture(scope="module")
def universe(tmp_path_factory):
    """A file of prices, of which one name ends in the test part, and one with a further bar."""
    values = prices(n_bars=241)
    values[220:, 3] = float("nan")
    folder = tmp_path_factory.mktemp("universe")
    write(folder / "before.parquet", values[:-1])
    return write(folder / "prices.parquet", values)


@pytest.fixture(scope="module")
def run(programs):
    """Run words as a scheduler does; returns the exit code, and what was said."""

    def run_words(*words, **variables):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MEANREV_")}
        given = {**kept, **variables, "PATH": f"{programs}:{os.environ['PATH']}"}
        done = subprocess.run(
            [str(word) for word in words], env=given, capture_output=True, text=True, timeout=100, check=False
        )
        return done.returncode, done.stdout + done.stderr

    return run_words


@pytest.fixture(scope="module")
def answer(run, universe, tmp_path_factory):
    """The answer of one run without shards, by its select rule."""

    def answer_of(select):
        out = tmp_path_factory.mktemp("whole") / "run"
        words = ["meanrev", "batch", "scan", "--universe", universe, "--split", SPLIT, "--select", select, "--out", out]
        code, said = run(*words)
        assert code == 0, said
        return (out / "pairs.parquet").read_bytes()

    return answer_of


def jobs():
    """Return the Jobs of the manifest by name, in order, as text."""
    parts = KUBERNETES.read_text(encoding="utf-8").split("\n---\n")
    found_jobs = {re.search(r"name: (meanrev-\w+)", part)[1]: part for part in parts if "kind: Job" in part}
    assert list(found_jobs) == ["meanrev-test", "meanrev-trade", "meanrev-gather"]
    return found_jobs


def shard_command(job):
    """Return the line that sh gets in a Pod of a Job: YAML folds it from several."""
    return " ".join(re.search(r"- >-\n((?: {14}\S.*\n)+)", job)[1].split())


def test_the_jobs_of_kubernetes_give_the_bytes_of_one_run(run, universe, answer, tmp_path):
    shutil.copy(universe, tmp_path / "prices.parquet")
    test, trade, gather = jobs().values()
    for job in (test, trade):
        (n_pods,) = re.findall(r"completions: (\d+)", job)
        for index in range(int(n_pods)):
            line = shard_command(job).replace("/data", str(tmp_path)).replace("2021-12-31", SPLIT)
            code, said = run("sh", "-c", line, JOB_COMPLETION_INDEX=str(index))
            assert code == 0, said
    words = re.search(r"command: \[(.+)\]", gather)[1].replace("/data", str(tmp_path)).split(", ")
    code, said = run(*words)
    assert code == 0, said
    assert (tmp_path / "night" / "pairs.parquet").read_bytes() == answer("p<0.01")


def test_the_jobs_share_their_words_and_their_number_of_shards():
    test, trade, gather = jobs().values()
    shards = [re.findall(pattern, test) for pattern in (r"completions: (\d+)", r"parallelism: (\d+)", r'1\)\)/(\d+)"')]
    assert shards[0] == shards[1] == shards[2]
    assert re.findall(r"--workers (\d+)", test) == re.findall(r'cpu: "(\d+)"', test)
    spec = [job[job.index("\nspec:") :].replace("  suspend: true\n", "") for job in (test, trade)]
    assert re.sub(r" *#.*\n", "", spec[0]) == re.sub(r" *#.*\n", "", spec[1]).replace("--stage trade", "--stage test")
    assert ["suspend: true" in job for job in (test, trade, gather)] == [False, True, True]


def test_what_a_further_start_cannot_help_is_not_started_again():
    hopeless = {int(ExitCode.USAGE), int(ExitCode.BAD_DATA)}
    listed = [{int(code) for code in words.split(", ")} for words in found(r"values: \[(.+)\]", KUBERNETES)]
    assert listed == [hopeless, hopeless, hopeless | {int(ExitCode.INCOMPLETE)}]
    (codes,) = found(r"^RestartPreventExitStatus=(.+)", UNIT)
    assert {int(code) for code in codes.split()} == hopeless


def test_what_is_submitted_to_slurm_gives_the_bytes_of_one_run(run, universe, answer, tmp_path):
    out = tmp_path / "night"
    given = {"OUT": str(out), "SPLIT": SPLIT, "SHARDS": "2", "JOBS": str(tmp_path / "jobs")}
    for name, jobs_were in (("before", 0), ("prices", 3)):
        code, said = run(BATCH / "submit.sh", UNIVERSE=str(universe.with_name(f"{name}.parquet")), **given)
        first, second, third = (jobs_were + place for place in (1, 2, 3))
        assert (code, said) == (0, f"tests: {first}, trades: {second}, answer: {third}\n")
        words = (tmp_path / "jobs.words").read_text().replace(f"{BATCH}/", "").splitlines()
        assert words[jobs_were:] == [
            "--parsable --array=1-2 shard.sbatch",
            f"--parsable --array=1-2 --dependency=afterok:{first} shard.sbatch",
            f"--parsable --dependency=afterok:{second} gather.sbatch",
        ]
    assert (out / "pairs.parquet").read_bytes() == answer("p<0.05")


def test_nothing_is_submitted_without_a_universe(run, tmp_path):
    code, said = run(BATCH / "submit.sh", OUT="night", SPLIT=SPLIT, JOBS=str(tmp_path / "jobs"))
    assert code != 0
    assert "UNIVERSE: is missing: the file of the prices" in said
    assert not (tmp_path / "jobs").exists()


def test_a_slurm_job_starts_again_with_its_node_and_is_told_before_its_time_is_up():
    for file in (BATCH / "shard.sbatch", BATCH / "gather.sbatch"):
        flags = {line.removeprefix("#SBATCH ") for line in file.read_text("utf-8").splitlines() if "#SBATCH" in line}
        assert {"--requeue", "--kill-on-invalid-dep=yes"} <= flags
        assert ("--signal=B:TERM@60" in flags) is (file.name == "shard.sbatch")
        # The signal reaches the shell alone, so that the command must be in its place.
        assert found(r'^exec "\$MEANREV" batch (\w+)', file)


def test_the_unit_of_systemd_goes_on_each_night(run, programs, universe, answer, tmp_path):
    line = " ".join(found(r"^ExecStart=(.+)", UNIT)).replace("%S", str(tmp_path))
    words = shlex.split(line)
    assert words[0] == "/opt/meanrev/.venv/bin/meanrev"
    night = tmp_path / "meanrev-batch" / "night"
    for name in ("before", "prices"):
        values = {"UNIVERSE": str(universe.with_name(f"{name}.parquet")), "SPLIT": SPLIT, "SELECT": "p<0.05"}
        given = [re.sub(r"^\$\{(\w+)\}$", lambda match, values=values: values[match[1]], word) for word in words]
        code, said = run(programs / "meanrev", *given[1:])
        assert code == 0, said
    assert (night / "pairs.parquet").read_bytes() == answer("p<0.05")


def test_the_unit_tells_the_command_alone_to_stop_and_waits_longer_than_it_takes():
    assert found(r"^KillMode=(.+)", UNIT) == ["mixed"]
    assert found(r"^(?:StateDirectory|User)=(.+)", UNIT) == ["meanrev-batch"] * 2
    (unit,) = found(r"^TimeoutStopSec=(\d+)", UNIT)
    waits = [int(unit), *map(int, found(r"terminationGracePeriodSeconds: (\d+)", KUBERNETES))]

    assert min(waits) > local.GRACE_S


def test_systemd_takes_the_timer_with_its_service_and_finds_little_exposed(tmp_path):
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("needs systemd-analyze, of systemd")
    text = re.sub(r"^ExecStart=\S+", f"ExecStart={shutil.which('true')}", UNIT.read_text("utf-8"), flags=re.MULTILINE)
    (tmp_path / UNIT.name).write_text(text)
    shutil.copy(TIMER, tmp_path)
    assert UNIT.stem == TIMER.stem  # so that the timer starts the service
    (when,) = found(r"^OnCalendar=(.+)", TIMER)
    for words in (
        ["verify", tmp_path / TIMER.name, tmp_path / UNIT.name],
        ["security", "--offline=true", "--threshold=16", "--no-pager", tmp_path / UNIT.name],
        ["calendar", when],
    ):
        done = subprocess.run([analyze, *words], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout[-300:] + done.stderr
        assert not done.stderr
