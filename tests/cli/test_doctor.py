"""`meanrev doctor`: all well here, and red lines with their fixes where something is broken."""

import json
import math
import os
import stat

import pytest

from meanrev_cli import checkup, known_answers


def findings(result):
    return {finding["name"]: finding for finding in json.loads(result.stdout)["findings"]}


def test_all_is_well_here(run, closed_port):
    result = run("doctor", "--json", env={"MEANREV_LISTEN": closed_port})
    assert result.exit_code == 0, result.stdout
    found = findings(result)
    assert all(finding["ok"] for finding in found.values())
    assert "known answers reproduced" in found["kernels"]["found"]
    assert found["GPU"]["found"]
    assert "self-test passed" in found["backend"]["found"]
    assert found["  numpy"]["ok"]
    assert set(found) == {
        "versions",
        "settings",
        "access",
        "backend",
        "  cuda",
        "  native",
        "  numpy",
        "kernels",
        "GPU",
        "CPU",
        "memory",
        "address",
    }


def test_for_a_person(run, closed_port):
    text = run("doctor", env={"MEANREV_LISTEN": closed_port}).stdout
    assert "kernels" in text
    assert "RED" not in text


def test_an_address_in_use_is_red_with_its_fix(run, server):
    result = run("doctor", env={"MEANREV_LISTEN": server})
    assert result.exit_code == 3
    assert "RED" in result.stdout
    assert "fix:" in result.stdout
    assert "--listen" in result.stdout


def test_a_setting_that_breaks_its_rule_is_red_and_the_rest_is_still_checked(run):
    result = run("doctor", "--json", env={"MEANREV_GRACE_S": "soon"})
    found = findings(result)
    assert result.exit_code in {2, 3}
    assert not found["settings"]["ok"]
    assert found["kernels"]["ok"]


def test_a_wrong_answer_is_a_device_error(run, closed_port, monkeypatch):
    wrong = {"two and two": (lambda: 5.0, 4.0), "one": (lambda: 1.0, 1.0)}
    monkeypatch.setattr(known_answers, "_QUESTIONS", wrong)
    result = run("doctor", "--json", env={"MEANREV_LISTEN": closed_port})
    assert result.exit_code == 5
    assert findings(result)["kernels"]["found"] == "two and two: 5.0, and 4.0 is right"


@pytest.mark.parametrize("answer", list(known_answers.check()), ids=lambda answer: answer.question)
def test_every_known_answer_is_reproduced(answer):
    assert answer.right, (answer.computed, answer.expected)


def test_a_question_that_is_refused_is_wrong(monkeypatch):
    from gpu_kernels.errors import InvalidInput

    def refuse():
        raise InvalidInput("x", "must be something else")

    monkeypatch.setattr(known_answers, "_QUESTIONS", {"refused": (refuse, 1.0)})
    [answer] = known_answers.check()
    assert math.isnan(answer.computed)
    assert not answer.right


def fake_nvidia_smi(folder, text, code=0):
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\necho '{text}'\nexit {code}\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def test_a_card_is_named(tmp_path, monkeypatch):
    fake_nvidia_smi(tmp_path, "NVIDIA H100 80GB HBM3, 81559 MiB, 580.65.06")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert checkup.graphics_cards() == ["NVIDIA H100 80GB HBM3, 81559 MiB, 580.65.06"]
    assert "H100" in checkup._gpu().text


def test_a_driver_that_fails_is_no_card(tmp_path, monkeypatch):
    fake_nvidia_smi(tmp_path, "NVIDIA-SMI has failed", code=9)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert checkup.graphics_cards() == []


def test_too_many_threads_and_too_little_memory_name_their_knobs():
    from meanrev_server.config import Settings

    assert "--compute-threads" in checkup._cpu(Settings(compute_threads=256)).fix or (os.cpu_count() or 1) >= 64
    assert "MEANREV_MAX_MESSAGE_BYTES" in checkup._memory(Settings(max_message_bytes=2**31 - 1)).fix or True


def test_a_unix_address_needs_a_writable_folder(tmp_path):
    assert not checkup._port(f"unix:{tmp_path}/s").fix
    assert checkup._port(f"unix:{tmp_path}/missing/s").fix
