"""`meanrev config`: values, and which source won."""

import json

import msgspec

from meanrev_server.config import Settings


def test_defaults(run):
    shown = json.loads(run("config", "--show", "--json").stdout)
    assert {name: entry["value"] for name, entry in shown.items()} == msgspec.to_builtins(Settings())
    assert {entry["from"] for entry in shown.values()} == {"default"}


def test_a_variable_beats_the_file_and_the_file_the_default(run, tmp_path):
    path = tmp_path / "meanrev.toml"
    path.write_text("grace_s = 5\ncompute_threads = 3\n", encoding="utf-8")
    shown = json.loads(run("config", "--json", "--config", str(path), env={"MEANREV_COMPUTE_THREADS": "4"}).stdout)
    assert shown["grace_s"] == {"value": 5.0, "from": str(path)}
    assert shown["compute_threads"] == {"value": 4, "from": "MEANREV_COMPUTE_THREADS"}
    assert shown["listen"]["from"] == "default"


def test_the_file_may_come_from_a_variable(run, tmp_path):
    path = tmp_path / "meanrev.toml"
    path.write_text("grace_s = 5\n", encoding="utf-8")
    shown = json.loads(run("config", "--json", env={"MEANREV_CONFIG": str(path)}).stdout)
    assert shown["grace_s"]["from"] == str(path)


def test_for_a_person_it_is_a_table(run):
    lines = run("config", env={"MEANREV_LOG": "json"}).stdout.splitlines()
    assert lines[0].split() == ["setting", "value", "from"]
    assert ["log", '"json"', "MEANREV_LOG"] in [line.split() for line in lines]


def test_a_value_that_breaks_its_rule_names_the_knobs(run):
    result = run("config", env={"MEANREV_GRACE_S": "soon"})
    assert result.exit_code == 2
    assert "'soon'" in result.stderr
    assert "--grace (or MEANREV_GRACE_S, or grace_s in the --config file)" in result.stderr


def test_an_unknown_variable_is_refused(run):
    result = run("config", env={"MEANREV_GRAZE": "1"})
    assert result.exit_code == 2
    assert "graze" in result.stderr
