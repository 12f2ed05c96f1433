"""The tables of docs/options.md are the server's own structs."""

import json
import re
from pathlib import Path

import msgspec
import pytest
from msgspec import inspect

from tests.server.option_structs import OPTIONS, SERVICE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "options.md"

pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="needs the checkout, and this run has the wheel alone")


def tables():
    """Return {heading: {option: (default, range)}}; the part before the first heading is ""."""
    parts = re.split(r"^## (.*)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    sections = dict(zip(["", *parts[1::2]], [parts[0], *parts[2::2]], strict=True))
    row = re.compile(r"^\| `([\w.]+)` \| (?:`(.*?)`|none) \| (.*?) \| \S.*\|$", re.MULTILINE)
    found = {
        heading: {name: (default, rule) for name, default, rule in row.findall(text)}
        for heading, text in sections.items()
    }
    return {method: rows for heading, rows in found.items() for method in heading.split(" and ")}


def described(struct, prefix=""):
    """Return {option: (default, range)} of a struct, those of the base left out."""
    rows: dict[str, tuple[str, str]] = {}
    described_type = inspect.type_info(struct)
    assert isinstance(described_type, inspect.StructType)
    for field in described_type.fields:
        if isinstance(field.type, inspect.StructType):
            rows |= described(field.type.cls, f"{field.name}.")
        elif field.name != "strict":
            empty = field.default_factory is not msgspec.NODEFAULT
            default = field.default_factory() if empty else field.default
            rows[prefix + field.name] = ("" if default is None else json.dumps(default), rule_of(field.type))
    return rows


def rule_of(kind):
    match kind:
        case inspect.BoolType():
            rule = "true or false"
        case inspect.LiteralType():
            rule = ", ".join(json.dumps(value) for value in kind.values)
        case inspect.UnionType():
            rule = " or ".join(rule_of(each) for each in kind.types if not isinstance(each, inspect.NoneType))
        case inspect.StrType():
            rule = "text"
        case inspect.DictType():
            rule = f"object of {plural(kind.value_type)}"
        case inspect.TupleType():
            assert len(kind.item_types) == 2
            rule = f"two {plural(kind.item_types[0])}"
        case inspect.VarTupleType():
            rule = f"{'list of' if kind.max_length is None else f'at most {kind.max_length}'} {plural(kind.item_type)}"
        case _:
            rule = rule_of_number(kind)
    return rule


def rule_of_number(kind):
    word = "integer" if isinstance(kind, inspect.IntType) else "number"
    if kind.ge is not None and kind.le is not None:
        return f"{word} {kind.ge} to {kind.le}"
    bounds = (("gt", ">"), ("ge", ">="), ("lt", "<"), ("le", "<="))
    limits = [f"{sign} {getattr(kind, name)}" for name, sign in bounds if getattr(kind, name) is not None]
    return " ".join([word, " and ".join(limits)]).strip()


def plural(kind):
    if isinstance(kind, inspect.StrType):
        return "names"
    if isinstance(kind, inspect.LiteralType):
        return f"names among {rule_of(kind)}"
    if isinstance(kind, inspect.UnionType):
        return " or ".join(", ".join(map(plural, kind.types)).rsplit(", ", 1))
    if isinstance(kind, inspect.VarTupleType):
        return "lists"
    if isinstance(kind, inspect.NoneType):
        return "null"
    return rule_of_number(kind).replace("number", "numbers").replace("integer", "integers")


def test_every_method_has_its_section():
    assert {method.name for method in SERVICE.methods} < set(OPTIONS) == set(tables()) - {""}


@pytest.mark.parametrize("method", OPTIONS)
def test_a_table_has_each_option_with_its_default_and_range(method):
    assert tables()[method] == described(OPTIONS[method])


def test_what_every_method_takes_is_said_once():
    assert tables()[""] == {"strict": ("false", "true or false")}
