"""What the pages show is what the service answers over gRPC, and what an independent computation gives."""

import time

import numpy as np
import pytest

import meanrev
from meanrev_server.dashboard import gate
from meanrev_server.dashboard.views import sweeps
from tests.server.dashboard.site import COLUMNS, HOSTILE, PRICES, STAMPS, client_of, table

GRID = {"entry": "0.5:2:0.5", "exit": "-0.5:1:0.5", "cost": 0.001, "lookback": 30, "periods_per_year": 365}


def array(values):
    return np.array([np.nan if value is None else value for value in values])


def test_about_is_info(site, client):
    shown, info = site.get("about").json, client.info()
    for name in ("version", "backend", "device", "cpus", "max_cells"):
        assert shown[name] == info[name]
    assert shown["identity"] == ""


def _end_of(site, job_id):
    """Wait until a job has ended, and return its status."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        (status,) = [each["status"] for each in site.get("jobs").json["jobs"] if each["job_id"] == job_id]
        if status not in {"queued", "running"}:
            return status
        time.sleep(0.05)
    raise AssertionError("the job has not ended")


class TestMatrices:
    def test_the_list_has_what_is_kept(self, site, client, matrix_id):
        (shown,) = [kept for kept in site.get("matrices").json["matrices"] if kept["matrix_id"] == matrix_id]
        assert (shown["rows"], shown["cols"]) == PRICES.shape
        assert shown["nbytes"] == PRICES.nbytes + STAMPS.nbytes

    def test_one_is_shown_with_its_columns(self, site, matrix_id):
        shown = site.post("matrix", {"matrix_id": matrix_id}).json
        assert shown["columns"] == list(COLUMNS)
        assert shown["periods_per_year"] == 365.2  # one row a day, to four digits

    @pytest.mark.parametrize("rows", [1, 60])
    def test_one_without_times_has_the_bars_a_year_of_every_method(self, site, client, rows):
        kept = client.put(PRICES[:rows]).matrix_id
        assert site.post("matrix", {"matrix_id": kept}).json["periods_per_year"] == 252

    def test_one_is_dropped(self, site, client):
        kept = client.put(PRICES[:50]).matrix_id
        assert site.post("drop", {"matrix_id": kept}).json["matrix_id"] == kept
        assert kept not in {each["matrix_id"] for each in site.get("matrices").json["matrices"]}
        gone = site.post("drop", {"matrix_id": kept})
        assert (gone.status, gone.error["code"]) == (404, "NOT_FOUND")


class TestJobs:
    def test_a_job_is_listed_with_its_end(self, site, client):
        job = client.submit("fit_ou", PRICES)
        job.result()
        (shown,) = [each for each in site.get("jobs").json["jobs"] if each["job_id"] == job.job_id]
        assert (shown["method"], shown["status"]) == ("FitOu", "done")
        assert shown["done"] == shown["total"]

    def test_a_job_is_cancelled(self, site, client):
        prices = np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.01, (3000, 60)), axis=0))
        job = client.submit("sweep", prices, entry=meanrev.grid(0.5, 3, 0.01), exit=meanrev.grid(-0.5, 1.5, 0.02))
        shown = site.post("cancel", {"job_id": job.job_id}).json
        assert shown["job_id"] == job.job_id
        assert _end_of(site, job.job_id) == "cancelled"


@pytest.fixture(scope="module")
def grid(site, matrix_id):
    *progress, (last, grid) = site.events("sweep", {"matrix_id": matrix_id, "column": "Y", **GRID})
    assert {event for event, _ in progress} == {"progress"}
    assert progress[0][1]["total"] == grid["n_cells"]
    assert last == "result"
    return grid


class TestSweep:
    def test_it_is_the_clients_sweep(self, grid, client):
        found = client.sweep(
            table()[["Y"]],
            entry=meanrev.grid(0.5, 2, 0.5),
            exit=meanrev.grid(-0.5, 1, 0.5),
            cost_per_side=0.001,
            lookback=30,
            periods_per_year=365,
        )
        cells = found.to_frame()
        np.testing.assert_array_equal(array(grid["entry"]), cells["entry_zscore"])
        np.testing.assert_array_equal(array(grid["exit"]), cells["exit_zscore"])
        for name in sweeps.FIGURES:
            np.testing.assert_array_equal(array(grid["figures"][name]), cells[name], err_msg=name)

    def test_the_best_cell_has_the_highest_sharpe_ratio(self, grid):
        ratios = array(grid["figures"]["sharpe_ratio"])
        assert grid["best"]["cell"] == np.nanargmax(ratios)
        assert grid["best"]["value"] == np.nanmax(ratios)
        assert grid["best"]["status"] == "ok"

    def test_a_cell_without_figures_has_a_reason(self, grid):
        empty = [cell for cell, value in enumerate(grid["figures"]["sharpe_ratio"]) if value is None]
        assert empty
        for cell in empty:
            assert grid["exit"][cell] >= grid["entry"][cell] or grid["exit"][cell] < -grid["entry"][cell]
            assert grid["cell_reasons"][grid["cell_reason"][cell]]

    def test_the_equity_of_a_cell_ends_where_its_figures_say(self, site, matrix_id, grid):
        cell = grid["best"]["cell"]
        rule = GRID | {"entry": grid["entry"][cell], "exit": grid["exit"][cell]}
        shown = site.post("equity", {"matrix_id": matrix_id, "column": "Y", **rule}).json
        assert shown["times_ms"] == STAMPS.tolist()
        equity, drawdown = array(shown["series"]["equity"]), array(shown["series"]["drawdown"])
        assert equity[-1] - 1 == pytest.approx(grid["figures"]["cumulative_return"][cell], rel=1e-12)
        peak = np.maximum.accumulate(np.concatenate([[1.0], equity]))[1:]
        np.testing.assert_allclose(drawdown, 1 - equity / peak, atol=1e-12)
        assert shown["figures"]["max_drawdown"] == pytest.approx(grid["figures"]["max_drawdown"][cell], rel=1e-12)
        assert shown["figures"]["sharpe_ratio"] == pytest.approx(grid["best"]["value"], rel=1e-12)
        assert shown["figures"]["num_trades"] == grid["figures"]["num_trades"][cell]

    def test_a_grid_that_no_page_draws_is_refused_before_it_is_computed(self, site, matrix_id):
        refused = site.post("sweep", {"matrix_id": matrix_id, "column": "Y", "entry": "0.5:3:0.001"})
        assert refused.status == 400
        assert refused.error["message"] == (
            f"cells must be at most {sweeps.MOST_CELLS} for a page to draw; "
            "`meanrev sweep` takes larger grids, got 22509"
        )


@pytest.fixture(scope="module")
def fitted_pair(site, matrix_id):
    answer = site.post("pair", {"matrix_id": matrix_id, "y": "Y", "x": "X", "fit_share": 0.5})
    assert answer.status == 200, answer.error
    return answer.json


class TestPair:
    def test_the_first_bars_are_fitted_by_least_squares(self, fitted_pair):
        y, x = np.log(PRICES[:300, 0]), np.log(PRICES[:300, 1])
        slope, intercept = np.polyfit(x, y, 1)
        assert (fitted_pair["n_fitted"], fitted_pair["in_sample"]) == (300, False)
        assert fitted_pair["pair"]["hedge_ratio"] == pytest.approx(slope, rel=1e-9)
        assert fitted_pair["pair"]["intercept"] == pytest.approx(intercept, rel=1e-9)
        assert fitted_pair["pair"]["hedge_ratio_lower"] < slope < fitted_pair["pair"]["hedge_ratio_upper"]

    def test_the_spread_of_all_bars_is_measured_by_that_fit(self, fitted_pair):
        fitted, process = fitted_pair["pair"], fitted_pair["process"]
        spread = np.log(PRICES[:, 0]) - fitted["intercept"] - fitted["hedge_ratio"] * np.log(PRICES[:, 1])
        z = array(fitted_pair["account"]["series"]["z"])
        # A straight line of the spread: its mean and its deviation are those of the fit.
        slope, offset = np.polyfit(z, spread, 1)
        np.testing.assert_allclose(offset + slope * z, spread, atol=1e-12)
        assert offset == pytest.approx(process["mu"], abs=1e-9)
        assert slope == pytest.approx(process["sigma"] / np.sqrt(2 * process["theta"]), rel=1e-6)

    def test_the_process_has_intervals_that_hold_it(self, fitted_pair):
        process = fitted_pair["process"]
        assert process["half_life"] == pytest.approx(fitted_pair["pair"]["half_life"], rel=1e-6)
        assert process["half_life_lower"] < process["half_life"] < process["half_life_upper"]

    def test_only_the_bars_behind_the_fit_are_traded(self, fitted_pair):
        equity = array(fitted_pair["account"]["series"]["equity"])
        assert np.isnan(equity[:300]).all()
        assert np.isfinite(equity[300:]).all()
        assert fitted_pair["account"]["figures"]["num_trades"] > 0
        assert equity[-1] == pytest.approx(fitted_pair["account"]["figures"]["final_equity"], rel=1e-12)

    def test_a_pair_that_does_not_revert_is_shown_with_what_was_found(self, site, matrix_id):
        shown = site.post("pair", {"matrix_id": matrix_id, "y": HOSTILE, "x": "X", "fit_share": 1}).json
        assert shown["in_sample"]
        assert len(shown["account"]["series"]["y"]) == len(PRICES)
        assert (shown["account"]["figures"] is None) == (shown["pair"]["status"] != "traded")

    def test_bars_without_both_prices_are_counted(self, site, client):
        holed = PRICES[:, :2].copy()
        holed[100:110, 1] = np.nan
        kept = client.put(holed).matrix_id
        shown = site.post("pair", {"matrix_id": kept, "y": "0", "x": "1"}).json
        assert shown["n_left_out"] == 10
        assert shown["account"]["n_bars"] == len(PRICES) - 10
        assert shown["account"]["times_ms"] is None


@pytest.mark.parametrize(
    ("name", "rest"), [("pair", {"y": "0", "x": "1"}), ("equity", {"column": "0", "entry": 1, "exit": 0})]
)
def test_a_matrix_that_is_too_long_to_draw_is_refused(site, client, monkeypatch, name, rest):
    monkeypatch.setattr(gate, "MOST_ROWS", 59)
    refused = site.post(name, {"matrix_id": client.put(PRICES[:60, :2]).matrix_id, **rest})
    assert refused.status == 400
    assert refused.error["message"].startswith("the matrix must have at most 59 rows for a page to draw; ")


class TestBook:
    def test_it_is_the_health_of_the_portfolio(self, site, client):
        client.put_portfolio("book", {"KO": 100.0, "PEP": -50.0}, cash=1000.0)
        client.publish({"KO": 60.0, "PEP": 40.0})
        with site.stream("book", {"portfolio_id": "book"}) as events:
            event, report = next(events)
            assert event == "health"
            assert report["total_value"] == 1000 + 100 * 60 - 50 * 40
            assert (report["status"], report["open_positions"]) == ("healthy", 2)
            client.publish({"KO": 61.0})
            assert next(report for _, report in events if report["total_value"] != 5000)["total_value"] == 5100

    def test_an_unknown_portfolio_is_refused_before_the_stream(self, site):
        refused = site.post("book", {"portfolio_id": "none"})
        assert (refused.status, refused.error["code"]) == (404, "NOT_FOUND")


class TestSamples:
    def test_samples_follow_one_another_with_the_calls_of_their_second(self, site):
        with client_of(site) as caller, site.stream("samples") as events:
            event, content = next(events)
            assert event == "history"
            assert set(content) == {"samples", "errors"}
            for _ in range(30):
                caller.log_returns(PRICES[:50])
            began = time.time()
            with pytest.raises(meanrev.InvalidInput):
                caller.log_returns(-PRICES[:50])
            for event, content in events:
                assert event == "sample"
                if [error for error in content["errors"] if error["t"] >= began - 0.001]:
                    break
            (error,) = [error for error in content["errors"] if error["t"] >= began - 0.001]
            assert (error["method"], error["code"], error["reason"]) == (
                "ComputeLogReturns",
                "INVALID_ARGUMENT",
                "invalid",
            )
            sample = content["sample"]
            assert sample["calls_per_s"] > 0
            assert 0 < sample["p50_ms"] <= sample["p99_ms"]
            assert sample["threads"] == site.app.settings.compute_threads


INVALID = [
    ("sweep", {"column": "Y"}, "matrix_id must be given"),
    ("sweep", {"matrix_id": "x", "column": "Y"}, "matrix_id must be 64 hexadecimal digits"),
    ("sweep", {"column": "none"}, "columns[0] must be a column of the kept matrix, such as 'Y', got 'none'"),
    (
        "sweep",
        {"column": HOSTILE + "!"},
        f"columns[0] must be a column of the kept matrix, such as 'Y', got '{HOSTILE}!'",
    ),
    ("sweep", {"column": "Y", "entry": "3"}, "metadata.entry must be 'a:b:step'"),
    ("sweep", {"column": "Y", "lookback": 1}, "metadata.lookback"),
    ("sweep", {"column": "Y", "cost": -1}, "metadata.cost"),
    ("sweep", {"column": "Y", "cost": "high"}, "cost must be a number"),
    ("sweep", {"column": "Y", "mode": "all"}, "mode must be one of"),
    ("sweep", {"column": "Y", "speed": 1}, "speed is not known"),
    ("equity", {"column": "Y", "entry": 1}, "exit must be given"),
    ("pair", {"y": "Y", "x": "Y"}, "columns[1] must differ from each other"),
    ("pair", {"y": "Y", "x": "X", "fit_share": 0}, "fit_share must be"),
    ("cancel", {"job_id": "x"}, "no job 'x'"),
]


@pytest.mark.parametrize(
    ("name", "body", "said"), INVALID, ids=[f"{name}-{number}" for number, (name, *_) in enumerate(INVALID)]
)
def test_bad_input_is_answered_with_the_sentence_of_the_service(site, matrix_id, name, body, said):
    given = body if "matrix_id must be given" in said or name == "cancel" else {"matrix_id": matrix_id, **body}
    refused = site.post(name, given)
    assert refused.status in {400, 404}
    assert refused.error["message"].startswith(said)
    assert refused.headers["content-type"] == "application/json"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"a": 1, "a": 2}', b"NaN", b"null"])
def test_a_body_that_is_no_json_object_is_refused(site, body):
    refused = site.send("POST", "/api/cancel", body)
    assert (refused.status, refused.error["code"]) == (400, "INVALID_ARGUMENT")
    assert refused.error["message"].startswith("the request must ")


def test_the_calls_of_pages_are_counted_like_others(site, matrix_id):
    before = site.app.calls.received["FitPair"]
    site.post("pair", {"matrix_id": matrix_id, "y": "Y", "x": "X"})
    assert site.app.calls.received["FitPair"] == before + 1
    assert not any(record.method == "FitPair" for record in site.app.calls.in_flight)
