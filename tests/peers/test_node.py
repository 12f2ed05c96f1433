"""A client in another language, generated from the schema that `meanrev proto` writes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.server.serving import serving

pytestmark = pytest.mark.peer

NODE = Path(__file__).parent / "node"
TOKEN = "alice-" + "a" * 32


@pytest.fixture(scope="module")
def schema(tmp_path_factory):
    folder = tmp_path_factory.mktemp("schema")
    subprocess.run([sys.executable, "-m", "meanrev_cli", "proto", "--out", folder], check=True, capture_output=True)
    return folder / "meanrev.proto"


def run(stub, *words, **environ):
    """Run a program of Node.js; returns the JSON that it prints."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node.js")
    command, environment = [node, NODE / stub, *words], {**os.environ, **environ}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def answers(schema):
    with serving() as address:
        return run("calls.js", address, schema)


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


def test_tls_and_a_token_are_enough_and_both_are_needed(schema, tmp_path):
    authority = Authority(tmp_path)
    pair, tokens = authority.sign("server"), tmp_path / "tokens"
    tokens.write_text(f"alice {TOKEN}\n")
    tokens.chmod(0o600)
    with serving(tls_cert=str(pair.cert), tls_key=str(pair.key), token_file=str(tokens)) as address:
        found = run("access.js", address, schema, authority.ca, TOKEN=TOKEN)
    assert found["right"] == {"n_periods": 1}
    assert [found[name]["code"] for name in ("wrong", "none")] == [16, 16]  # UNAUTHENTICATED
    assert [found[name]["code"] for name in ("plaintext", "otherCa")] == [14, 14]  # UNAVAILABLE
