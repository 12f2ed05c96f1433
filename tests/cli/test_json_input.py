"""Requests as editors, spreadsheets and Python write them: read, or refused with what is wrong."""

import json

import pytest

REQUEST = '{"prices": [100, 101]}'


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + REQUEST.encode(),
        REQUEST.encode("utf-16"),
        b"\xfe\xff" + REQUEST.encode("utf-16-be"),
        REQUEST.replace(", ", ",\r\n").encode(),
    ],
)
def test_byte_order_marks_and_line_ends_do_not_matter(run, server, data):
    done = run("call", server, "ComputeLogReturns", "-", stdin=data)
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["n_periods"] == 1


@pytest.mark.parametrize("data", [b'\xef\xbb\xbf{"price": 1.0}\r\n{"price": 2.0}\r\n', b'\xef\xbb\xbf[{"price": 1.0}]'])
def test_so_with_a_stream_of_requests(run, server, data):
    done = run("call", server, "EstimateOUParams", "-", stdin=data)
    assert done.exit_code == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(data.strip().splitlines())


def test_another_encoding_is_said_to_be_one(run, server):
    done = run("call", server, "ComputeLogReturns", "-", stdin='{"asset_ids": "Müller"}'.encode("latin-1"))
    assert done.exit_code == 4
    assert "is not text in UTF-8" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"prices": [1, 2],}', "line 1, column 19: a comma has nothing behind it"),
        ('{"prices": [1, 2,]}', "line 1, column 18: a comma has nothing behind it"),
        ("{'prices': [1, 2]}", "line 1, column 2: texts stand in double quotes"),
        ('{"log": True}', "line 1, column 9: True is true in JSON"),
        ('{"log": None}', "line 1, column 9: None is null in JSON"),
        ('{"prices": [1, 2]} # end', "line 1, column 20: JSON has no comments"),
        ("[" * 100_000, "it is nested too deeply"),
    ],
)
def test_usual_slips_are_named(run, server, text, said):
    result = run("call", server, "ComputeLogReturns", "-", stdin=text)
    assert result.exit_code == 4
    assert f"is not JSON: {said}" in result.stderr
