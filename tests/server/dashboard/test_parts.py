"""The pure parts: which requests are refused, which bars are drawn, and what the samples say."""

import asyncio
import time
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meanrev_server.addresses import Address, address_of
from meanrev_server.config import Settings
from meanrev_server.dashboard.origins import Origins
from meanrev_server.dashboard.samples import Sampler, quantile
from meanrev_server.dashboard.thinning import MOST_BARS, drawn_bars, numbers
from meanrev_server.errors import ConfigError
from meanrev_server.records import CallRecord

LOOPBACK = Origins(Address("127.0.0.1", 8050), "http")
NAMED = Origins(Address("gpu-box.example", 8050), "https")
EVERYWHERE = Origins(Address("0.0.0.0", 8050), "https")


def status(origins, host, method="GET", path="/", **headers):
    found = origins.refusal(
        method, path, {"host": host, **{name.replace("_", "-"): of for name, of in headers.items()}}
    )
    return 200 if found is None else found.status


class TestHosts:
    @pytest.mark.parametrize(
        "host", ["127.0.0.1:8050", "localhost:8050", "localhost", "[::1]:8050", "127.0.0.2", "LOCALHOST:1"]
    )
    def test_a_loopback_dashboard_answers_to_loopback_names(self, host):
        assert status(LOOPBACK, host) == 200

    @pytest.mark.parametrize(
        "host",
        ["", "evil.example", "evil.example:8050", "10.0.0.1:8050", "localhost.evil.example", "127.0.0.1.evil.example"],
    )
    def test_and_to_nothing_else_so_that_no_name_can_be_pointed_at_it(self, host):
        assert status(LOOPBACK, host) == 421

    @pytest.mark.parametrize(
        "host", ["localhost, evil.example", "localhost evil", "user@localhost", "localhost:8050/x", "[::1"]
    )
    def test_a_malformed_host_is_none_of_ours(self, host):
        assert status(LOOPBACK, host) == 421

    def test_a_named_dashboard_answers_to_its_name_and_to_addresses(self):
        assert (
            status(NAMED, "gpu-box.example:8050") == status(NAMED, "10.1.2.3:8050") == status(NAMED, "localhost") == 200
        )
        assert status(NAMED, "other.example:8050") == 421

    def test_a_dashboard_on_every_address_answers_to_addresses(self):
        assert status(EVERYWHERE, "10.1.2.3:8050") == status(EVERYWHERE, "[2001:db8::1]:8050") == 200
        assert status(EVERYWHERE, "evil.example:8050") == 421

    @given(st.text(max_size=40))
    def test_whatever_comes_the_refusal_is_a_sentence_of_bounded_length(self, host):
        found = LOOPBACK.refusal("GET", "/", {"host": host})
        assert found is None or len(found.message) < 500


class TestOtherSites:
    @pytest.mark.parametrize(
        "origin", ["http://evil.example", "null", "https://localhost:8050", "http://localhost:8051", ""]
    )
    @pytest.mark.parametrize("path", ["/", "/api/about"])
    def test_a_request_of_another_sites_page_is_refused(self, origin, path):
        assert status(LOOPBACK, "localhost:8050", path=path, origin=origin) == 403

    def test_one_of_our_own_page_is_not(self):
        assert status(LOOPBACK, "localhost:8050", path="/api/about", origin="http://localhost:8050") == 200

    @pytest.mark.parametrize(
        ("site", "expected"), [("same-origin", 200), ("none", 403), ("same-site", 403), ("cross-site", 403)]
    )
    def test_the_browsers_own_word_counts_where_there_is_no_origin(self, site, expected):
        assert status(LOOPBACK, "localhost", path="/api/about", sec_fetch_site=site) == expected
        assert status(LOOPBACK, "localhost", path="/", sec_fetch_site=site) == 200  # a link may lead here

    @pytest.mark.parametrize(
        "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
    )
    def test_a_form_cannot_post(self, kind):
        assert status(LOOPBACK, "localhost", "POST", "/api/drop", content_type=kind) == 415
        assert status(LOOPBACK, "localhost", "POST", "/api/drop", content_type="application/json; charset=utf-8") == 200

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "get"])
    def test_other_methods_are_refused(self, method):
        assert status(LOOPBACK, "localhost", method) == 405


class TestSettings:
    """Where a dashboard may listen: the rules of listen."""

    @pytest.mark.parametrize("where", ["127.0.0.1:0", "localhost:8050", "[::1]:8050"])
    @pytest.mark.parametrize("others", [{}, {"token_file": "tokens"}, {"tls_cert": "c", "tls_key": "k"}])
    def test_a_loopback_address_is_accepted(self, where, others):
        Settings(dashboard=where, **others).check()

    def test_plaintext_elsewhere_is_refused_in_the_words_of_listen(self):
        words = "is reachable from other machines in plaintext; use a loopback address, serve TLS"
        for setting in ("listen", "dashboard"):
            with pytest.raises(ConfigError, match=f"{setting} = '0.0.0.0:8050' {words}"):
                Settings(**{setting: "0.0.0.0:8050"}).check()
        Settings(dashboard="0.0.0.0:8050", insecure=True).check()
        Settings(dashboard="0.0.0.0:8050", tls_cert="c", tls_key="k").check()

    def test_tokens_do_not_travel_in_plaintext(self):
        with pytest.raises(ConfigError, match=r"would let tokens travel in plaintext to dashboard = '0\.0\.0\.0:8050'"):
            Settings(dashboard="0.0.0.0:8050", token_file="tokens", insecure=True).check()

    def test_where_callers_need_certificates_a_browser_needs_a_token_and_this_machine(self):
        mutual = {"tls_cert": "c", "tls_key": "k", "tls_client_ca": "ca"}
        with pytest.raises(ConfigError, match="contradicts tls_client_ca without token_file"):
            Settings(dashboard="127.0.0.1:8050", **mutual).check()
        with pytest.raises(ConfigError, match="must be on a loopback address where tls_client_ca is set"):
            Settings(dashboard="0.0.0.0:8050", token_file="tokens", **mutual).check()
        Settings(dashboard="127.0.0.1:8050", token_file="tokens", **mutual).check()

    @pytest.mark.parametrize("where", ["8050", "localhost", "unix:/run/x", "localhost:99999", "http://localhost:8050"])
    def test_what_is_no_address_is_refused(self, where):
        with pytest.raises(ConfigError, match="dashboard must be HOST:PORT"):
            Settings(dashboard=where).check()

    @pytest.mark.parametrize(("listen", "exposed"), [("127.0.0.1:1", False), ("unix:/x", False), ("0.0.0.0:1", True)])
    def test_a_server_is_exposed_where_either_address_is(self, listen, exposed):
        assert Settings(listen=listen, insecure=True).exposed == exposed
        assert Settings(listen=listen, dashboard="127.0.0.1:1", insecure=True).exposed == exposed
        assert Settings(listen=listen, dashboard="0.0.0.0:1", insecure=True).exposed

    def test_its_address_is_read_like_the_others(self):
        assert address_of("dashboard", "[::1]:8050") == Address("[::1]", 8050)


class TestDrawnBars:
    @pytest.mark.parametrize("n_bars", [1, 2, MOST_BARS])
    def test_short_series_are_drawn_whole(self, n_bars):
        assert drawn_bars([np.zeros(n_bars)]).tolist() == list(range(n_bars))

    @settings(deadline=None)
    @given(st.integers(MOST_BARS + 1, 60_000), st.integers(1, 5), st.integers(0, 2**32 - 1))
    def test_long_ones_keep_their_ends_and_extremes(self, n_bars, n_series, seed):
        rng = np.random.default_rng(seed)
        series = [np.cumsum(rng.normal(size=n_bars)) for _ in range(n_series)]
        series[0][rng.integers(0, n_bars, n_bars // 10)] = np.nan
        bars = drawn_bars(series)
        assert len(bars) <= MOST_BARS + 2
        assert (np.diff(bars) > 0).all()
        assert (bars[0], bars[-1]) == (0, n_bars - 1)
        for values in series:
            assert np.nanmax(values[bars]) == np.nanmax(values)
            assert np.nanmin(values[bars]) == np.nanmin(values)

    def test_a_series_without_values_changes_nothing(self):
        values = np.cumsum(np.random.default_rng(1).normal(size=10_000))
        bars = drawn_bars([values, np.full(10_000, np.nan)])
        assert values[bars].max() == values.max()

    def test_json_has_null_for_what_is_no_number(self):
        assert numbers(np.array([1.5, np.nan, np.inf, -np.inf])) == [1.5, None, None, None]


class TestSampler:
    @given(st.lists(st.floats(0, 1e6), min_size=1, max_size=200), st.floats(0.01, 1))
    def test_a_quantile_is_the_inverse_of_the_distribution(self, values, share):
        ordered = sorted(values)
        expected = np.quantile(values, share, method="inverted_cdf")
        found = quantile(ordered, share)
        # NumPy rounds the product of share and number otherwise; both are neighbours in the order.
        assert found in values
        assert abs(ordered.index(found) - ordered.index(expected)) <= values.count(found) + values.count(expected)

    def test_there_is_no_quantile_of_nothing(self):
        assert quantile([], 0.5) is None

    @pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.99, 99), (0.01, 1), (1, 100)])
    def test_of_a_hundred_values_it_is_the_one_with_that_number(self, share, expected):
        assert quantile(list(range(1, 101)), share) == expected

    def test_a_failed_call_is_an_error_and_one_that_left_is_none(self):
        sampler = Sampler(idle_parts(), list)
        for code, reason in (("OK", ""), ("CANCELLED", "left"), ("INTERNAL", "internal")):
            sampler(CallRecord("Info", began=time.monotonic(), elapsed_s=0.002, code=code, reason=reason))
        (error,) = sampler.errors
        assert (error["method"], error["code"], error["reason"], error["ms"]) == ("Info", "INTERNAL", "internal", 2.0)
        sample = sampler.sample([])
        assert (sample["p50_ms"], sample["p99_ms"]) == (2.0, 2.0)
        assert sampler.sample([])["calls_per_s"] == 0

    def test_streams_count_as_calls_but_not_in_the_times(self):
        sampler = Sampler(idle_parts(), list)
        sampler(CallRecord("PortfolioHealthStream", began=time.monotonic(), elapsed_s=60, streaming=True))
        sample = sampler.sample([])
        assert sample["calls_per_s"] > 0
        assert sample["p50_ms"] is None

    def test_a_batch_is_shown_in_the_sample_of_its_second_alone(self):
        parts = idle_parts()
        sampler = Sampler(parts, list)
        parts.launcher.counts.sizes[8] = 3
        assert sampler.sample([])["batches"] == {"8": 3}
        assert sampler.sample([])["batches"] == {}

    async def test_all_who_wait_get_the_same_sample(self):
        sampler = Sampler(idle_parts(), list, period_s=0.01)
        running = asyncio.ensure_future(sampler.run())
        leaving = asyncio.ensure_future(sampler.following())
        await asyncio.sleep(0)
        leaving.cancel()
        first, second = await asyncio.gather(sampler.following(), sampler.following())
        running.cancel()
        assert first is second


def idle_parts():
    """Return the parts of a server that does nothing."""
    nothing = SimpleNamespace(total=0)
    return SimpleNamespace(
        settings=Settings(),
        launcher=SimpleNamespace(load=SimpleNamespace(waiting=0, busy=0), counts=SimpleNamespace(sizes={})),
        admission=SimpleNamespace(load=SimpleNamespace(nbytes=0)),
        calls=SimpleNamespace(in_flight={}),
        state=SimpleNamespace(matrices=SimpleNamespace(matrices=SimpleNamespace(memory=nothing)), jobs=[]),
        fleet=None,
    )
