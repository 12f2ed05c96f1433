"""Options are parsed strictly where a key is known, kindly where it is not."""

import json
from contextlib import suppress
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from gpu_kernels.errors import InvalidInput
from meanrev_server.rpc import options


class Sample(options.Options, frozen=True, kw_only=True):
    dt: Annotated[float, Meta(gt=0)] = 1.0
    window: Annotated[int, Meta(ge=2, le=100)] | None = None
    bounds: tuple[float, float] | None = None


def parse(text):
    return options.parse(Sample, text)


@pytest.mark.parametrize("text", ["", "  ", "{}"])
def test_nothing_means_defaults(text):
    assert parse(text) == (Sample(), [])


def test_known_keys_are_read_and_unknown_ones_listed():
    chosen, ignored = parse('{"dt": 2, "interval": "1h", "window": 5, "bounds": [0, 1]}')
    assert chosen == Sample(dt=2.0, window=5, bounds=(0.0, 1.0))
    assert ignored == ["interval"]


@pytest.mark.parametrize("text", ["1h bars", "[1]", '"x"', "null", "a {", "[NaN]"])
def test_text_that_is_no_object_is_ignored_like_an_unknown_key(text):
    assert parse(text) == (Sample(), ["(not a JSON object)"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"dt": 0}, r"metadata.dt must be a number greater than 0, got 0"),
        ({"dt": "1"}, r"metadata.dt must be a number greater than 0, got '1'"),
        ({"dt": None}, r"metadata.dt must be a number greater than 0, got 'null'"),
        ({"dt": True}, r"metadata.dt must be a number greater than 0, got True"),
        ({"window": 1}, r"metadata.window must be a whole number from 2 to 100, got 1"),
        ({"window": 2.5}, r"metadata.window must be a whole number from 2 to 100, got 2.5"),
        ({"bounds": [0, "a"]}, r"metadata.bounds\[1\] must be a number, got 'a'"),
        ({"bounds": [0]}, r"metadata.bounds must be a list of 2 numbers, got"),
        ({"strict": 1}, r"metadata.strict must be true or false, got 1"),
        (
            {"strict": True, "wnidow": 3},
            r"metadata.wnidow is not an option .*did you mean 'window'\? its options: dt, window, bounds\)",
        ),
    ],
)
def test_a_broken_rule_is_named(given, said):
    with pytest.raises(InvalidInput, match=said):
        parse(json.dumps(given))


@pytest.mark.parametrize("text", [r'{"dt": "\ud800"}', r'{"\uDFFF": 1}', r'{"bias": ["\ud83d"]}'])
def test_half_of_a_surrogate_pair_is_no_text(text):
    with pytest.raises(InvalidInput, match="metadata must hold text that UTF-8 can carry"):
        parse(text)


def test_a_whole_surrogate_pair_is_text():
    assert parse(r'{"\ud83d\ude00": 1}')[1] == ["\N{GRINNING FACE}"]


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity"])
def test_numbers_are_json_numbers(literal):
    with pytest.raises(InvalidInput, match=f"metadata must hold JSON numbers only, got '{literal}'"):
        parse(f'{{"dt": {literal}}}')


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "metadata must be a JSON object where it begins with a brace .*at character 1"),
        (' {"dt": 2', "must be a JSON object where it begins with a brace"),
        ('{"dt": 2} {"strict": true}', "must be a JSON object where it begins with a brace .*got '{\"strict\": true}'"),
        ("{'dt': 2}", "must be a JSON object where it begins with a brace"),
        ('{"dt": 2, "dt": 3}', "metadata must name each key once, got 'dt'"),
        ('{"note": {"a": 1, "b": 2, "a": 3}}', "metadata must name each key once, got 'a'"),
        ('{"dt": 1e999}', "metadata must hold numbers that float64 can carry, got '1e999'"),
        ('{"note": [-1E+400]}', "metadata must hold numbers that float64 can carry"),
        (f'{{"window": {"9" * 5000}}}', "metadata must hold whole numbers of at most 4300 digits"),
        (f'{{"note": -{"9" * 4301}, "strict": true}}', "metadata must hold whole numbers of at most 4300 digits"),
        (f'{{"window": {"9" * 4000}}}', "metadata.window must be a whole number"),
        (f'{{"dt": -{"9" * 4300}}}', "metadata.dt must be a number"),
        (f'{{"dt": {"9" * 400}.5}}', "metadata must hold numbers that float64 can carry"),
    ],
)
def test_what_begins_with_a_brace_is_an_object_or_refused(text, said):
    with pytest.raises(InvalidInput, match=said):
        parse(text)


@pytest.mark.parametrize("literal", ["1e300", "1E+300", "1e-400", "9" * 300, f"0.{'1' * 400}"])
def test_large_numbers_that_float64_carries_are_read(literal):
    assert parse(f'{{"note": {literal}, "window": 5}}') == (Sample(window=5), ["note"])


@given(st.from_regex(r'\{"(dt|window|x)": [-+0-9.eEnN:\[\]{}", ]{0,40}\}', fullmatch=True))
def test_no_object_breaks_the_parser(text):
    with suppress(InvalidInput):
        assert isinstance(parse(text)[0], Sample)


def test_size_and_depth_are_limited():
    with pytest.raises(InvalidInput, match="at most 65536 bytes, got 65548"):
        parse(json.dumps({"note": "x" * 65536}))
    with pytest.raises(InvalidInput, match="at most 16 levels, got 17"):
        parse('{"note": ' + "[" * 16 + "]" * 16 + "}")
    assert parse('{"note": ' + "[" * 15 + "]" * 15 + "}")[1] == ["note"]
    assert parse(json.dumps({"note": "[" * 1000}))[1] == ["note"]


@given(st.text())
def test_no_text_at_all_breaks_the_parser(text):
    with suppress(InvalidInput):
        assert isinstance(parse(text)[0], Sample)


def test_a_reply_carries_finite_numbers_or_null():
    text = options.reply_metadata(["a"], sharpe=float("nan"), levels=[1.0, float("inf")], note=None)
    assert json.loads(text) == {"sharpe": None, "levels": [1.0, None], "ignored_options": ["a"]}
    assert options.reply_metadata() == ""


class TestStreamOptions:
    def test_the_first_message_decides(self):
        stream = options.StreamOptions(Sample)
        assert stream.read('{"dt": 2, "x": 1}') == Sample(dt=2.0)
        assert stream.ignored_once() == ["x"]
        assert stream.ignored_once() == []
        assert stream.read("") == Sample(dt=2.0)
        assert stream.read('{"dt": 2.0, "y": 3}') == Sample(dt=2.0)

    def test_a_later_change_is_refused(self):
        stream = options.StreamOptions(Sample)
        stream.read("")
        with pytest.raises(InvalidInput, match=r"metadata.dt must stay 1.0, .* got 3.0"):
            stream.read('{"dt": 3}')
