"""Progress while a call computes, and jobs: found again, watched, cancelled, failed."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

import meanrev as mr
from meanrev.methods.research import RESEARCH
from meanrev.progress import shown

GRID = {"entry": [1.0, 1.5, 2.0], "exit": [-0.5, 0.0, 1.0], "cost_per_side": [0.0, 0.001], "lookback": [10, 20]}


class TestProgress:
    @pytest.mark.parametrize("method", ["fit_ou", "sweep", "scan"])
    def test_a_function_is_told_from_nothing_to_all(self, client, prices, method):
        told = []
        getattr(client, method)(prices, progress=lambda done, total, eta_s: told.append((done, total, eta_s)))
        assert told[0][0] == 0
        assert told[-1][0] == told[-1][1] > 0
        assert len({total for _, total, _ in told}) == 1
        assert told[-1][2] == 0

    def test_what_it_raises_ends_the_call(self, client, prices):
        def stop(done, total, eta_s):
            raise KeyError("enough")

        with pytest.raises(KeyError, match="enough"):
            client.sweep(prices, progress=stop)
        assert client.ou(prices[:, 0]).status == "converged"

    def test_a_bar_is_drawn_on_stderr(self, client, prices, capsys):
        client.sweep(prices, progress=True)
        assert capsys.readouterr().out == ""

    def test_the_time_left_follows_the_pace(self, monkeypatch):
        clock = iter([10.0, 12.0, 13.0])
        # Servers of other tests run in this process, and read the clock too.
        monkeypatch.setattr("meanrev.progress.time", SimpleNamespace(monotonic=lambda: next(clock)))
        told = []
        with shown(lambda *report: told.append(report), "x") as advance:
            for done in (0, 4, 8):
                advance(done, 8)
        assert math.isnan(told[0][2])
        assert told[1:] == [(4, 8, 2.0), (8, 8, 0.0)]

    def test_without_rich_and_tqdm_a_line_is_written(self, monkeypatch, capsys):
        monkeypatch.setattr("meanrev.progress.find_spec", lambda name: None)
        with shown(True, "sweep") as advance:
            advance(0, 4)
            advance(4, 4)
        assert "sweep 4/4" in capsys.readouterr().err


class TestJobs:
    @pytest.mark.parametrize(
        ("method", "options"), [("fit_ou", {"adf_lags": 1}), ("sweep", GRID), ("scan", {"top": 1})]
    )
    def test_a_jobs_result_is_the_calls_result(self, client, prices, method, options):
        told = []
        job = client.submit(method, prices, **options)
        result = job.result(progress=lambda *report: told.append(report))
        assert result == getattr(client, method)(prices, **options)
        assert result.meta["job_id"] == job.job_id
        assert job.state.status == "done"
        assert told[-1][0] == told[-1][1]

    def test_watching_ends_with_the_job(self, client, prices):
        states = list(client.submit("sweep", prices, entry=[1.0]).watch())
        assert states[-1].status == "done"
        assert states[-1].finished_ms >= states[-1].submitted_ms > 0

    def test_the_same_request_is_the_same_job(self, client, prices):
        assert client.submit("scan", prices).job_id == client.submit("scan", prices).job_id

    def test_a_job_is_found_again_by_its_id(self, client, prices):
        job = client.submit("sweep", prices, **GRID)
        expected = job.result()
        assert client.job(job.job_id).result() == expected

    def test_jobs_are_listed_newest_first(self, client, prices):
        first = client.submit("fit_ou", prices, adf_lags=3)
        first.result()
        second = client.submit("fit_ou", prices, adf_lags=4)
        second.result()
        found = client.jobs()
        assert [state for state in found if state.job_id == first.job_id] == [first.state]
        times = [state.submitted_ms for state in found]
        assert times == sorted(times, reverse=True)
        assert len(client.jobs(limit=1)) == 1
        with pytest.raises(mr.InvalidInput, match="limit must be from 1 to 1000, got 0"):
            client.jobs(limit=0)

    def test_one_series_keeps_its_scalars(self, client, prices):
        assert isinstance(client.submit("fit_ou", prices[:, 0]).result().theta, float)

    def test_a_cancelled_job_has_no_result(self, client, prices):
        job = client.submit("sweep", np.tile(prices, (5, 20)), entry="0.5:3:0.02", exit="-0.5:1.5:0.05")
        assert job.cancel().status in {"queued", "running", "done"}
        if list(job.watch())[-1].status == "cancelled":
            with pytest.raises(mr.MeanRevError, match="the job was cancelled"):
                job.result()

    def test_a_failed_job_says_why(self, client, prices):
        with pytest.raises(mr.ServerError, match=r"the job failed: block\[0, 0\] must hold at least two columns"):
            client.submit("scan", -prices).result()

    def test_what_cannot_be_a_job_is_refused(self, client, prices):
        names = ", ".join(map(repr, sorted(RESEARCH)))
        with pytest.raises(mr.InvalidInput, match=f"method must be one of {names}, got 'ou'"):
            client.submit("ou", prices)
        with pytest.raises(mr.InvalidInput, match="alpha"):
            client.submit("scan", prices, alpha=7.0)

    def test_an_id_that_the_server_does_not_know_is_refused(self, client):
        with pytest.raises(mr.InvalidInput, match="no job"):
            client.job("0" * 64)
