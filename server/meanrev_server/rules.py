"""Rules in words: msgspec finds a value that breaks a rule, and this module words the rule and suggests near names.

It is the only place that reads msgspec's messages.
"""

import re
import typing
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import inspect

from gpu_kernels.choices import choice_rule, suggestion

__all__ = ["Broken", "allowed", "analyse_structs", "broken", "unknown"]

_PLACE = re.compile(r"^(?P<rule>.*?)(?: - at `(?P<key>key in )?\$(?P<path>[^`]*)`)?$", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_MISSING = re.compile(r"Object missing required field `(.*)`")
_OF_MSGSPEC = ("Expected ", "Invalid enum value", "Integer value out of range", "Number out of range")
_LISTED = 40


class Broken(NamedTuple):
    """A rule that a value broke.

    Attributes:
        path: Where the value is: "limits.max_drawdown", "bounds[1]", or "" for the whole.
        rule: What is allowed, as a phrase that follows the name ("must be a whole number from 1 to 256").
        value: The value; None where showing it would not help.
    """

    path: str
    rule: str
    value: object


def analyse_structs() -> None:
    """Have msgspec analyse all structs of the server, which is to be done before a second thread reads one.

    Otherwise msgspec analyses a struct where it first reads one, and a thread that reads the same struct meanwhile ends
    the process: it finds fields without types (msgspec 0.22, where the interpreter has its lock).
    """
    pending: list[type[msgspec.Struct]] = [msgspec.Struct]
    while pending:
        struct_type = pending.pop()
        pending += struct_type.__subclasses__()
        if struct_type.__module__.startswith("meanrev_server."):
            with suppress(msgspec.ValidationError):  # it has fields without a default
                msgspec.convert({}, struct_type)


def unknown(name: str, names: Sequence[str], what: str, verdict: str = "is not known") -> str:
    """Return the rule that an unknown name breaks.

    Args:
        name: What was given.
        names: What is known.
        what: What the known ones are called, in the plural ("options").
        verdict: What is wrong with the name.
    """
    advice = suggestion(name, names)
    listed = ", ".join(names[:_LISTED]) or "none"
    return f"{verdict} ({advice + ' ' if advice else ''}its {what}: {listed})"


def broken(error: msgspec.ValidationError, kind: Any, given: Any) -> Broken:
    """Return what a value broke.

    Args:
        error: As msgspec.convert raised it.
        kind: The type that the value was converted to.
        given: The value.
    """
    found = _PLACE.match(str(error))
    rule, path = (found["rule"], found["path"] or "") if found else (str(error), "")
    where, kind, value = _walk(path, kind, given)
    nameless = _UNKNOWN.match(rule)
    if nameless:
        name, known = nameless[1], tuple(getattr(kind, "__struct_fields__", ()))
        return Broken(_joined(where, name), unknown(name, known, "entries"), None)
    missing = _MISSING.match(rule)
    if missing:
        return Broken(_joined(where, missing[1]), "must be given", None)
    if not rule.startswith(_OF_MSGSPEC):
        return Broken(where, rule, value)
    choices = _choices(kind)
    phrase = choice_rule(value, choices) if choices else f"must be {allowed(inspect.type_info(kind))}"
    return Broken(where, phrase, "null" if value is None else value)


def allowed(info: inspect.Type) -> str:
    """Return what a type allows, as a phrase that follows "must be".

    Args:
        info: The type, as msgspec describes it.
    """
    if isinstance(info, inspect.Metadata):
        info = info.type
    words = _WORDS.get(type(info))
    return words(info) if words is not None else "of another kind"


def _number(info: Any) -> str:
    noun = "a whole number" if isinstance(info, inspect.IntType) else "a number"
    reach = _reach(info)
    return f"{noun} {reach}" if reach else noun


def _reach(info: Any) -> str:
    if info.ge is not None and info.le is not None:
        return f"from {_plain(info.ge)} to {_plain(info.le)}"
    sides = (("greater than", info.gt), ("of at least", info.ge), ("less than", info.lt), ("of at most", info.le))
    return " and ".join(f"{words} {_plain(limit)}" for words, limit in sides if limit is not None)


def _plain(limit: float) -> str:
    return str(int(limit)) if float(limit).is_integer() else str(limit)


def _text(info: Any) -> str:
    return "a text" if info.max_length is None else f"a text of at most {info.max_length} characters"


def _list(info: Any) -> str:
    item = info.item_type
    if isinstance(item, inspect.LiteralType):
        return f"a list of names, each {allowed(item)}"
    each = allowed(item).removeprefix("a ").removeprefix("an ")
    noun, _, reach = each.partition(" ") if not each.startswith("whole number") else (each[:12], "", each[13:])
    least = f" (at least {info.min_length})" if info.min_length else ""
    most = f" (at most {info.max_length})" if info.max_length is not None else ""
    return f"a list of {noun}s{least}{most}" + (f", each {reach}" if reach else "")


def _tuple(info: Any) -> str:
    each = [allowed(item) for item in info.item_types]
    if len(set(each)) == 1 and each[0] in {"a number", "a whole number", "a text"}:
        return f"a list of {len(each)} {each[0][2:]}s"
    return f"a list of {len(each)}: {', then '.join(each)}"


def _union(info: Any) -> str:
    # Null means the same as leaving the value out, so it needs no mention.
    kinds = [kind for kind in info.types if not isinstance(kind, inspect.NoneType)]
    return " or ".join(dict.fromkeys(allowed(kind) for kind in kinds))


def _choices(kind: Any) -> tuple[object, ...]:
    """Return the values of a Literal, in the order of its declaration; none for any other type."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        return parts
    looked_through = origin in {Annotated, typing.Union, UnionType}
    return next((found for part in parts if (found := _choices(part))), ()) if looked_through else ()


_WORDS: Mapping[type, Callable[[Any], str]] = {
    inspect.BoolType: lambda _: "true or false",
    inspect.IntType: _number,
    inspect.FloatType: _number,
    inspect.StrType: _text,
    inspect.NoneType: lambda _: "null",
    inspect.LiteralType: lambda info: "one of " + ", ".join(map(repr, info.values)),
    inspect.ListType: _list,
    inspect.VarTupleType: _list,
    inspect.TupleType: _tuple,
    inspect.DictType: lambda info: f"an object whose values are each {allowed(info.value_type)}",
    inspect.StructType: lambda info: "an object with " + ", ".join(field.encode_name for field in info.fields),
    inspect.UnionType: _union,
}


def _walk(path: str, kind: Any, value: Any) -> tuple[str, Any, Any]:
    """Follow msgspec's path; returns it with the entries of mappings named, the type there, and the value there."""
    where = ""
    for name, place in re.findall(r"\.([^.\[\]]+)|\[([^\]]*)\]", path):
        kind = _container(kind, value)
        if name:
            where = _joined(where, name)
            kind = typing.get_type_hints(kind, include_extras=True)[name] if hasattr(kind, "__struct_fields__") else Any
            value = value.get(name) if isinstance(value, Mapping) else None
        elif place.isdecimal():
            where = f"{where}[{place}]"
            kinds = typing.get_args(kind)
            kind = kinds[0] if len(kinds) == 1 or kinds[1] is Ellipsis else kinds[int(place)]
            value = value[int(place)] if isinstance(value, Sequence) and int(place) < len(value) else None
        else:  # msgspec writes [...] for the entry of a mapping
            kind = typing.get_args(kind)[1]
            key = next((key for key, item in value.items() if not _fits(item, kind)), "")
            where = f"{where}[{key!r}]"
            value = value.get(key)
    return where, kind, value


def _container(kind: Any, value: Any) -> Any:
    """Return the part of a type that holds others: Annotated and unions are looked through."""
    if typing.get_origin(kind) is Annotated:
        return _container(typing.get_args(kind)[0], value)
    if typing.get_origin(kind) in {typing.Union, UnionType}:
        kinds = [_container(part, value) for part in typing.get_args(kind) if part is not NoneType]
        wanted = (dict, Mapping) if isinstance(value, Mapping) else (tuple, list)
        fitting = [part for part in kinds if typing.get_origin(part) in wanted or hasattr(part, "__struct_fields__")]
        return (fitting or kinds)[0]
    return kind


def _fits(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _joined(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
