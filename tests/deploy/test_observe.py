"""The dashboard and the alerts use only metrics that a server has, and each alert has its section in the manual."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from meanrev_server.app import App
from meanrev_server.config import Settings
from meanrev_server.observation.loop_lag import LoopLag
from meanrev_server.observation.metrics import registry_of
from meanrev_server.observation.tallies import CallTallies

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
MANUAL = ROOT / "docs" / "operating.md"

pytestmark = pytest.mark.skipif(not DEPLOY.is_dir(), reason="needs the checkout, and this run has the wheel alone")

METRIC = re.compile(r"\b(?:meanrev|process|python)_[a-z_]+")
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}


@pytest.fixture(scope="module")
def families():
    """The metrics of a server, by name."""
    app = App(Settings(backend="numpy"))
    try:
        registry = registry_of(app.observation._parts, CallTallies(), LoopLag(), list)
        return {family.name: family.type for family in registry.collect()}
    finally:
        app.close()


@pytest.fixture(scope="module")
def samples(families):
    """The names that an expression may use."""
    return {name + suffix for name, kind in families.items() for suffix in SUFFIXES.get(kind, ("",))}


def expressions():
    board = json.loads((DEPLOY / "grafana.json").read_text(encoding="utf-8"))
    of_board = [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    of_board += [variable["query"]["query"] for variable in board["templating"]["list"]]
    return of_board, re.findall(r"^ +expr: (.+)$", (DEPLOY / "alerts.yaml").read_text(encoding="utf-8"), re.MULTILINE)


def test_every_expression_names_metrics_that_exist(samples):
    board, alerts = expressions()
    assert len(board) > 20
    assert len(alerts) > 10
    for expression in (*board, *alerts):
        named = set(METRIC.findall(re.sub(r"\{[^}]*\}", "", expression)))
        assert named <= samples, expression
        assert named or "up{" in expression, expression


def test_every_metric_of_ours_is_in_the_manual_and_the_manual_names_no_other(families, samples):
    table = "\n".join(re.findall(r"^\| `meanrev_.+$", MANUAL.read_text(encoding="utf-8"), re.MULTILINE))
    named = set(METRIC.findall(table))
    assert named <= samples | set(families)
    ours = {name + ("_total" if kind == "counter" else "") for name, kind in families.items() if name[:8] == "meanrev_"}
    assert ours <= named


def test_every_metric_of_ours_is_on_the_dashboard(families):
    shown = " ".join(expressions()[0])
    assert [name for name in families if name.startswith("meanrev_") and name not in shown] == []


def test_every_alert_has_a_section_in_the_manual():
    text = (DEPLOY / "alerts.yaml").read_text(encoding="utf-8")
    alerts, runbooks = re.findall(r"- alert: (\w+)", text), re.findall(r"runbook: (\S+)", text)
    sections = {
        heading.strip().lower().replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", MANUAL.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert len(alerts) == len(runbooks)
    for alert, runbook in zip(alerts, runbooks, strict=True):
        assert runbook == f"docs/operating.md#{alert.lower()}"
        assert alert.lower() in sections


def test_every_alert_fires_where_it_should_and_nowhere_else(tmp_path):
    """The series and the alerts that they lead to are in a file of promtool's own format."""
    cases = Path(__file__).with_name("alerts.test.yaml").read_text(encoding="utf-8")
    alerts = re.findall(r"- alert: (\w+)", (DEPLOY / "alerts.yaml").read_text(encoding="utf-8"))
    assert sorted(re.findall(r"- alertname: (\w+)", cases)) == sorted(alerts)
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("needs promtool, of Prometheus (Debian's package prometheus has it)")
    (tmp_path / "cases.yaml").write_text(cases.replace("../../deploy/alerts.yaml", "alerts.yaml"))
    rules = (DEPLOY / "alerts.yaml").read_text(encoding="utf-8")
    for text, right in ((rules, True), (rules.replace("0.8 * meanrev_limit", "0.7 * meanrev_limit"), False)):
        (tmp_path / "alerts.yaml").write_text(text)
        done = subprocess.run(
            [program, "test", "rules", tmp_path / "cases.yaml"], capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode == 0) is right, done.stdout + done.stderr


def test_all_reasons_are_in_the_manual():
    from meanrev_server.rpc.status import REASONS

    told = set(re.findall(r"`(\w+)`", MANUAL.read_text(encoding="utf-8")))
    assert REASONS - {""} - set(Settings.__struct_fields__) <= told


def test_the_files_that_compose_mounts_exist():
    compose = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    mounted = re.findall(r"- (\./\S+?):/", compose)
    assert len(mounted) == 5
    assert all((DEPLOY / place).is_file() for place in mounted)
