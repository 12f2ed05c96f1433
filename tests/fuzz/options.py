"""Random metadata: JSON objects with the options of a method, right and wrong, and texts that are no JSON objects."""

import json
import math

import msgspec
from msgspec import inspect

from meanrev_server.research.catalogue import TASKS
from tests.server.option_structs import OPTIONS

__all__ = ["metadata", "odd_metadata"]

_WRONG = (
    *("null", "true", "false", '""', "[]", "{}", '"x"', "-1", "0", "1", "2.5", "1e308", "5e-324", "-0.0", "1e-400"),
    *(
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "9" * 400,
        "9" * 5000,
        "-" + "9" * 5000,
        "0." + "1" * 3000,
        "1e99999999",
    ),
    *("[[1]]", '["x"]', "[null]", "[1e308, -1e308]", '{"a": 1}', '"1"', '"NaN"', "[0]", "2147483648", "1e-99999999"),
    *("9223372036854775808", r'"\ud800"', r'"\u0000"', '"' + "é" * 300 + '"', "0x10", "1_000", "+1", ".5", "1.", "01"),
)
_RANGES = (
    *("0.5:3:0.25", "0:1:0.5", "1:2:0.5", "0:1:1E-99999999", "0:1:1e-7", "-1E99999999:1:1", "1:0:1", "1:2:0", "1:2"),
    *("1:2:3:4", "a:b:c", "nan:1:1", "0:inf:1", "1e-300:1:1", "::", "1:1000000:1", " 1 : 2 : 1 ", "1:2:-1", "1;2;3"),
    *("0:1:0." + "0" * 60 + "1", "\u0663:\u0664:\u0661", "1e308:1.7e308:1e300", "0:1e999999999999:1"),
)


def _described(struct):
    kind = inspect.type_info(struct)
    assert isinstance(kind, inspect.StructType)
    return {field.name: field.type for field in kind.fields}


_FIELDS = {method: _described(struct) for method, struct in OPTIONS.items()}
_EVERY = sorted({name for fields in _FIELDS.values() for name in fields})


def _number(draw, kind):
    low = next((bound for bound in (kind.ge, kind.gt) if bound is not None), None)
    high = next((bound for bound in (kind.le, kind.lt) if bound is not None), None)
    whole = isinstance(kind, inspect.IntType)
    chosen = draw.random()
    if chosen < 0.5:
        value = draw.choice((1, 2, 3, 5, 10, 20)) if whole else draw.choice((0.0, 0.001, 0.05, 0.5, 0.9, 1.0, 2.0))
    elif chosen < 0.7 and low is not None:
        value = low + draw.choice((-1, 0, 1)) if whole else low + draw.choice((-1e-9, 0.0, 1e-300, 1e-9))
    elif chosen < 0.85 and high is not None:
        value = high + draw.choice((-1, 0, 1)) if whole else high + draw.choice((-1e-9, 0.0, 1e-9))
    else:
        value = draw.hostile_integer(64) if whole else draw.hostile_number()
    return json.dumps(value)


def _one(draw, kind):
    return _of_kind(draw, draw.choice(kind.types))


def _mapping(draw, kind):
    pairs = (f"{json.dumps(draw.name())}: {_of_kind(draw, kind.value_type)}" for _ in range(draw.randrange(4)))
    return "{" + ", ".join(pairs) + "}"


def _list(draw, kind):
    many = draw.choice((0, 1, 2, 3, 5, 101)) if draw.chance(0.3) else draw.randint(1, 4)
    return "[" + ", ".join(_of_kind(draw, kind.item_type) for _ in range(many)) + "]"


_OF_KIND = {
    inspect.UnionType: _one,
    inspect.NoneType: lambda draw, kind: "null",
    inspect.BoolType: lambda draw, kind: draw.choice(("true", "false")),
    inspect.LiteralType: lambda draw, kind: json.dumps(draw.choice(kind.values)),
    inspect.StrType: lambda draw, kind: json.dumps(draw.choice(_RANGES) if draw.chance(0.8) else draw.word()),
    inspect.DictType: _mapping,
    inspect.TupleType: lambda draw, kind: "[" + ", ".join(_of_kind(draw, each) for each in kind.item_types) + "]",
    inspect.VarTupleType: _list,
    inspect.ListType: _list,
    inspect.StructType: lambda draw, kind: _object(draw, _described(kind.cls), 0.6),
    inspect.IntType: _number,
    inspect.FloatType: _number,
}


def _of_kind(draw, kind):
    """Return JSON of a type, legal more often than not."""
    return _OF_KIND[type(kind)](draw, kind)


def _object(draw, fields, share, wrong=0.0):
    pairs = []
    for name, kind in fields.items():
        if draw.chance(share) and name != "strict":
            pairs.append((name, draw.choice(_WRONG) if draw.chance(wrong) else _of_kind(draw, kind)))
    return "{" + ", ".join(f"{json.dumps(name)}: {value}" for name, value in pairs) + "}"


def _fields(draw, method):
    """Return the fields of a method's options; those of a job are of the method that it names."""
    if method == "SubmitJob":
        task = draw.choice(tuple(TASKS))
        return {**_FIELDS[TASKS[task].method], "method": msgspec.inspect.LiteralType((TASKS[task].method,))}
    return _FIELDS.get(method, {})


def _with(text, more):
    return text[:-1] + (", " if len(text) > 2 else "") + more + "}"


def metadata(draw, method):
    """Return options that are legal more often than not."""
    fields = _fields(draw, method)
    text = _object(draw, fields, draw.choice((0.1, 0.3)))
    if "method" in fields and '"method"' not in text:
        text = _with(text, f'"method": {_of_kind(draw, fields["method"])}')
    if method == "Backtest" and draw.chance(0.8):
        text = _with(
            _object(draw, {"lookback": fields["lookback"], "cost": fields["cost"]}, 0.5), '"entry": 1, "exit": 0'
        )
    return "" if text == "{}" else text


def odd_metadata(draw, method):
    """Return options of which at least one is likely to be wrong, or a text that is no object of options."""
    chosen = draw.random()
    if chosen < 0.7:
        return _wrong_options(draw, method)
    text = metadata(draw, method) or '{"strict": true}'
    return draw.choice(_ODDITIES)(draw, text)


def _wrong_options(draw, method):
    text = _object(draw, _fields(draw, method), draw.choice((0.2, 0.5)), wrong=0.5)
    for _ in range(draw.randrange(3)):
        text = _with(text, f"{json.dumps(draw.choice((*_EVERY, draw.word())))}: {draw.choice(_WRONG)}")
    return _with(text, '"strict": true') if draw.chance(0.3) else text


def _nested(draw, _):
    levels = draw.choice((3, 14, 15, 16, 17, 40, 400, 5000))
    opening, closing = draw.choice((("[", "]"), ('{"a":', "}")))
    return '{"note": ' + opening * levels + "1" + closing * draw.choice((levels, 0, levels - 1)) + "}"


def _cut(draw, text):
    return text[: draw.randrange(len(text))]


def _changed(draw, text):
    place = draw.randrange(len(text))
    return (
        text[:place] + draw.choice(('"', "\\", "\0", "{", "}", ",", "\ufeff", "\u2028", "e", "-")) + text[place + 1 :]
    )


_ODDITIES = (
    _nested,
    _cut,
    _changed,
    lambda draw, text: text[:-1] + "," + text[1:] if len(text) > 2 else "{,}",
    lambda draw, text: text + draw.choice((" x", "{}", "]", "\0")),
    lambda draw, text: draw.choice(("\ufeff", " \n\t", "[", "\0")) + text,
    lambda draw, text: (
        _with(text, f'"note": "{"x" * draw.choice((65_000, 66_000, 300_000))}"') if draw.chance(0.1) else text
    ),
    lambda draw, text: draw.word(),
    lambda draw, text: draw.choice(
        ("{", "}", "[]", "null", "0", '""', "{" * 1000, '"' * 999, '{"": 1}', "{}" * 100, "\\" * 500)
    ),
    lambda draw, text: (
        "{" + ", ".join(f'"{draw.marked_name}{i}": {i}' for i in range(draw.choice((1, 30, 3000)))) + "}"
    ),
    lambda draw, text: _with(text, f'"{draw.choice(_EVERY)}": {draw.marked_price}'),
    lambda draw, text: json.dumps({draw.word(): math.pi}, ensure_ascii=False),
)
