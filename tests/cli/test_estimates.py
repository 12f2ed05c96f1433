"""--dry-run tells what a command would take, and does nothing of it."""

import json

import pytest

import meanrev as mr
from tests.cli.universe import NAMES, prices, write


@pytest.fixture
def file(tmp_path):
    return write(tmp_path / "prices.csv", prices())


@pytest.mark.parametrize("command", ["sweep", "scan"])
def test_it_is_the_clients_estimate(run, file, command):
    result = run(command, str(file), "--dry-run", "--json")
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)["estimate"]
    with mr.Client("local") as client:
        expected = getattr(client, command)(prices(), asset_ids=NAMES, dry_run=True)
    assert (told["work"], told["reply_bytes"]) == (expected.work, expected.reply_bytes)


def test_for_a_person_and_without_a_file_written(run, file, tmp_path):
    out = tmp_path / "cells.csv"
    text = run("sweep", str(file), "--dry-run", "--out", str(out)).stdout
    assert "steps" in text
    assert "server memory" in text
    assert not out.exists()
