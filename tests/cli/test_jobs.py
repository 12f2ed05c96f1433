"""`meanrev jobs`: what a server has, found by the first digits of its id."""

import json

import numpy as np
import pytest

import meanrev as mr


@pytest.fixture(scope="module")
def job(server):
    prices = 100 + np.cumsum(np.random.default_rng(3).normal(0, 1, (300, 3)), axis=0)
    with mr.Client(server) as client:
        made = client.submit("fit_ou", prices)
        made.result()
        yield made


def test_a_job_is_listed(run, server, job):
    result = run("jobs", "list", "--host", server)
    assert result.exit_code == 0, result.stderr
    assert job.job_id[:12] in result.stdout
    assert "FitOu" in result.stdout
    listed = json.loads(run("jobs", "list", "--host", server, "--json").stdout)["jobs"]
    mine = next(each for each in listed if each["job_id"] == job.job_id)
    assert (mine["status"], mine["done"], mine["total"]) == ("done", 3, 3)


def test_a_job_is_watched_to_its_end(run, server, job):
    result = run("jobs", "watch", job.job_id[:10], "--host", server)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[-1] == f"{job.job_id[:12]} FitOu done 3/3"


def test_a_result_is_fetched_shown_and_written(run, server, job, tmp_path):
    out = tmp_path / "fits.csv"
    result = run("jobs", "fetch", job.job_id, "--host", server, "--out", str(out))
    assert result.exit_code == 0, result.stderr
    assert "theta" in result.stdout
    assert len(out.read_text().splitlines()) == 4
    found = json.loads(run("jobs", "fetch", job.job_id, "--host", server, "--json").stdout)
    assert [row["theta"] for row in found["result"]] == job.result().theta.tolist()


def test_cancelling_a_job_that_has_ended_changes_nothing(run, server, job):
    result = run("jobs", "cancel", job.job_id, "--host", server)
    assert result.exit_code == 0, result.stderr
    assert "done" in result.stdout


@pytest.mark.parametrize("given", ["zz", "0" * 64])
def test_an_id_that_no_job_has_is_refused(run, server, job, given):
    result = run("jobs", "watch", given, "--host", server)
    assert result.exit_code == 4
    assert "no job" in result.stderr


def test_a_failed_job_is_a_failure(run, server):
    with mr.Client(server) as client:
        failed = client.submit("scan", -np.ones((300, 2)))
        assert list(failed.watch())[-1].status == "failed"
    result = run("jobs", "watch", failed.job_id, "--host", server)
    assert result.exit_code == 1
    assert "at least two columns" in result.stderr


def test_it_asks_a_running_server(run, impatient, closed_port):
    assert run("jobs", "list", "--host", "local").exit_code == 2
    assert run("jobs", "list", "--host", closed_port).exit_code == 3
