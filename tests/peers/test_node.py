"""A client in another language, generated from the schema that `meanrev proto` writes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.serving import serving

pytestmark = pytest.mark.peer

STUB = Path(__file__).parent / "node" / "calls.js"


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node.js")
    folder = tmp_path_factory.mktemp("schema")
    subprocess.run([sys.executable, "-m", "meanrev_cli", "proto", "--out", folder], check=True, capture_output=True)
    with serving() as address:
        done = subprocess.run(
            [node, STUB, address, folder / "meanrev.proto"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=os.environ,
        )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_unary_methods_answer(answers):
    assert answers["ComputeLogReturns"]["n_periods"] == 5
    assert answers["ComputeLogReturns"]["log_returns"][0] == pytest.approx(0.00995033085316808)
    assert answers["OptimalThresholds"]["entry_zscore"] == pytest.approx(0.61119368673663112)
    assert answers["PcaPortfolios"]["explained_variance_ratio"] == pytest.approx([0.8, 0.2])


def test_a_stream_answers_message_by_message(answers):
    assert [estimate["n_samples"] for estimate in answers["EstimateOUParams"]] == [1, 2, 3, 4, 5, 6]


def test_a_refusal_carries_its_particulars(answers):
    refused = answers["refused"]
    assert refused["code"] == 3
    assert "prices[1]" in refused["details"]
    assert json.loads(refused["particulars"])["index"] == 1
