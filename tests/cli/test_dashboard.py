"""`meanrev serve --dashboard` as its operator meets it: where it is, how it ends, and what it refuses."""

import json
import sys
import urllib.request

import pytest

from tests.cli.conftest import start, stop
from tests.server.dashboard.site import frames


def test_the_flag_and_the_variable_set_it(run):
    shown = json.loads(run("config", "--json", env={"MEANREV_DASHBOARD": "127.0.0.1:8050"}).stdout)
    assert {"127.0.0.1:8050", "MEANREV_DASHBOARD"} <= set(shown["dashboard"].values())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--dashboard", "8050"], "dashboard must be HOST:PORT, got '8050'"),
        (["--dashboard", "0.0.0.0:8050"], "dashboard = '0.0.0.0:8050' is reachable from other machines in plaintext"),
    ],
)
def test_a_place_that_it_may_not_listen_on_is_a_usage_error(run, words, said):
    result = run("serve", *words)
    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.faults
def test_the_log_names_its_address_and_a_stop_ends_it_with_its_streams():
    process, _ = start("--dashboard", "127.0.0.1:0", "--log", "json")
    line = next(line for line in map(json.loads, process.stderr) if line["event"] == "dashboard")
    with urllib.request.urlopen(f"{line['address']}/", timeout=30) as page:
        assert b"<title>meanrev dashboard</title>" in page.read()
    with urllib.request.urlopen(f"{line['address']}/api/samples", timeout=30) as stream:
        events = frames(stream)
        assert next(events)[0] == "history"
        code, out, err = stop(process)
        assert {event for event, _ in events} <= {"sample", "error"}
    assert (code, out) == (0, "")
    assert "Traceback" not in err


@pytest.mark.faults
def test_an_address_in_use_and_a_missing_library_name_the_way_out(tmp_path):
    process, _ = start("--dashboard", "127.0.0.1:0", "--log", "json")
    line = next(line for line in map(json.loads, process.stderr) if line["event"] == "dashboard")
    where = line["address"].removeprefix("http://")
    second, _ = start("--dashboard", where)
    _, err = second.communicate(timeout=60)
    stop(process)
    assert second.returncode == 3
    assert f"dashboard = '{where}' cannot be listened on: " in err
    assert "--dashboard (or MEANREV_DASHBOARD, or dashboard in the --config file) chooses another" in err
    (tmp_path / "starlette.py").write_text("raise ModuleNotFoundError(name='starlette')")
    path = ":".join([str(tmp_path), *sys.path])
    third, _ = start("--dashboard", "127.0.0.1:0", env={"PYTHONPATH": path})
    _, err = third.communicate(timeout=60)
    assert third.returncode == 3
    assert "because starlette is not installed: pip install 'meanrev[dashboard]'" in err
    assert "port 0" not in err
