"""The metrics of what a server keeps move with it: state directory, disk, unsent replies, files of TLS and tokens."""

import errno
import os
import time

from meanrev_server.state import steps
from meanrev_server.state.writes import DiskUse, disk_use
from meanrev_wire import meanrev_pb2, research_pb2
from tests.certificates import Authority
from tests.server.observation.observing import LOG_RETURNS, observing, until

PUT = "/meanrev.MeanRevResearch/PutPortfolio"
MIB = 1024 * 1024
LAST = ("meanrev_state_last_write_timestamp_seconds", ())


def portfolio(holdings=1):
    held = [research_pb2.Holding(asset_id=f"A{number}", quantity=1) for number in range(holdings)]
    return research_pb2.Portfolio(portfolio_id="mine", holdings=held).SerializeToString()


def written(metrics):
    return tuple(metrics["meanrev_state_writes_total", (("outcome", word),)] for word in ("done", "failed"))


def held(metrics, setting):
    return metrics["meanrev_held", (("setting", setting),)]


def test_writes_and_bytes_of_the_state_directory(tmp_path, monkeypatch):
    with observing(metrics="127.0.0.1:0", state_dir=str(tmp_path)) as server:
        before = server.metrics()
        server.unary(PUT, portfolio(2000))
        after = server.metrics()
        assert after["meanrev_state_bytes", ()] > before["meanrev_state_bytes", ()] > 0
        assert written(after) == (written(before)[0] + 1, 0)
        assert before[LAST] <= after[LAST] <= time.time()
        assert after[LAST] > before[LAST]
        assert held(after, "max_state_bytes") > held(before, "max_state_bytes") == 0
        with monkeypatch.context() as patch:
            patch.setattr(steps, "reached", full)
            assert "No space left on device" in server.refused(PUT, portfolio()).details()
        failed = server.metrics()
    assert written(failed) == (written(after)[0], 1)
    assert failed[LAST] == after[LAST]


def full(_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_write_that_nobody_waits_for_counts_where_it_fails(tmp_path):
    with observing(metrics="127.0.0.1:0", state_dir=str(tmp_path)) as server:
        server.app.call.state.archive.database.later(full, "")
        until(lambda: written(server.metrics()) == (0, 1))


def test_the_disk_of_the_state_directory(tmp_path):
    with observing(metrics="127.0.0.1:0", state_dir=str(tmp_path)) as server:
        metrics = server.metrics()
        disk = os.statvfs(tmp_path)
        assert metrics["meanrev_state_disk_bytes", ()] == disk.f_blocks * disk.f_frsize
        assert 0 < metrics["meanrev_state_disk_free_bytes", ()] < metrics["meanrev_state_disk_bytes", ()]


def test_the_use_of_a_disk(tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "a").write_bytes(bytes(1000))
    (tmp_path / "b").write_bytes(bytes(24))
    found = disk_use(tmp_path)
    assert isinstance(found, DiskUse)
    assert found.used == 1024
    assert disk_use(tmp_path / "nowhere") is None


def test_without_a_state_directory_there_is_no_value():
    with observing(metrics="127.0.0.1:0") as server:
        metrics = server.metrics()
    assert [name for name, _ in metrics if name.startswith(("meanrev_state", "meanrev_certificate"))] == []
    assert held(metrics, "max_jobs") == 0


def test_a_reply_that_its_client_does_not_take_is_held():
    prices = meanrev_pb2.ReturnsRequest(prices=[1.0] * MIB).SerializeToString()
    with observing(metrics="127.0.0.1:0") as server:
        assert held(server.metrics(), "max_reply_bytes_in_flight") == 0
        # On the wire a single reply is a stream of one; a stream's next message is read when it is asked for.
        unread = server.channel.unary_stream(LOG_RETURNS)(prices)
        until(lambda: held(server.metrics(), "max_reply_bytes_in_flight") > 8 * MIB)
        limit = server.metrics()["meanrev_limit", (("setting", "max_reply_bytes_in_flight"),)]
        assert limit == server.app.settings.max_reply_bytes_in_flight
        unread.cancel()
        until(lambda: held(server.metrics(), "max_reply_bytes_in_flight") == 0)


def test_the_certificate_and_whether_changed_files_are_used(tmp_path):
    pair = Authority(tmp_path).sign("server", days=2)
    tokens = tmp_path / "tokens"
    tokens.write_text(f"alice {'a' * 32}\n")
    tokens.chmod(0o600)
    files = {"tls_cert": str(pair.cert), "tls_key": str(pair.key), "token_file": str(tokens)}
    with observing(metrics="127.0.0.1:0", **files) as server:
        metrics = server.metrics()
        left_s = metrics["meanrev_certificate_expiry_timestamp_seconds", ()] - time.time()
        assert 86_400 < left_s < 2 * 86_400 + 60
        usable = {dict(labels)["files"]: value for (name, labels), value in metrics.items() if "usable" in name}
        assert usable == {"certificate": 1, "tokens": 1}
        tokens.write_text("")
        for _ in range(2):  # a change is read at the second look that finds it
            server.app._authentication.tokens.refresh()
        assert server.metrics()["meanrev_files_usable", (("files", "tokens"),)] == 0
