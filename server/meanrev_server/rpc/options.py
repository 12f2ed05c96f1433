"""Options: the JSON object that travels in a request's metadata, and the one that a reply carries.

A known key must have the right type and range. Unknown keys are reported back as ignored_options, because earlier
clients put free context there, and are refused where the request sets strict.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, NoReturn, TypeVar

import msgspec

from gpu_kernels.errors import InvalidInput
from meanrev_server import rules
from meanrev_wire.limits import OPTION_BYTES

__all__ = [
    "MAX_LEVELS",
    "NoOptions",
    "Options",
    "StreamOptions",
    "check_size",
    "checked",
    "json_object",
    "parse",
    "parse_object",
    "reply_metadata",
]

MAX_LEVELS = 16
"""Most levels of brackets in it."""

_MOST_DIGITS = 4300
"""Most digits of a whole number in it: Python reads no more. What an option allows is its own rule."""

_NOT_AN_OBJECT = "(not a JSON object)"
_LARGE_NUMBER = re.compile(r"[eE]\+?[0-9]{3}|[0-9]{300}")
# The pattern takes a string whole, closed or not: backtracking into one would take quadratic time on a hostile text.
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every method's options.

    Attributes:
        strict: Refuse keys that are no options of the method.
        MOST_BYTES: Most bytes of the JSON object that holds the options.
    """

    MOST_BYTES: ClassVar[int] = OPTION_BYTES

    strict: bool = False


class NoOptions(Options, frozen=True, kw_only=True):
    """The options of a method that has none so far."""


O = TypeVar("O", bound=Options)
S = TypeVar("S", bound=msgspec.Struct)


def parse(options_type: type[O], text: str) -> tuple[O, list[str]]:
    """Parse a request's metadata.

    Args:
        options_type: The method's options.
        text: The metadata field; "" means defaults.

    Returns:
        The options, and the names of the keys that were ignored.

    Raises:
        InvalidInput: the text is larger than MOST_BYTES or deeper than MAX_LEVELS, a known key breaks its rule, or
            strict is set and a key is unknown.
    """
    if not text.strip():
        return options_type(), []
    given = json_object(text, options_type.MOST_BYTES)
    if given is None:
        return options_type(), [_NOT_AN_OBJECT]
    return checked(options_type, given)


def checked(options_type: type[O], given: Mapping[str, Any]) -> tuple[O, list[str]]:
    """Return the options that an object holds, and the names of the keys that were ignored.

    Args:
        options_type: The method's options.
        given: The object.

    Raises:
        InvalidInput: a known key breaks its rule, or strict is set and a key is unknown.
    """
    known = options_type.__struct_fields__
    unknown = [key for key in given if key not in known]
    if unknown and given.get("strict") is True:
        names = [name for name in known if name != "strict"]
        rule = rules.unknown(unknown[0], names, "options", "is not an option of this method")
        raise InvalidInput(f"metadata.{unknown[0]}", rule)
    return _converted({key: given[key] for key in known if key in given}, options_type, "metadata"), unknown


def check_size(text: str, most_bytes: int) -> None:
    """Refuse metadata that is too large.

    Raises:
        InvalidInput: the text is larger than most_bytes.
    """
    nbytes = len(text.encode())
    if nbytes > most_bytes:
        raise InvalidInput("metadata", f"must be at most {most_bytes} bytes", value=nbytes)


def json_object(text: str, most_bytes: int = OPTION_BYTES) -> dict[str, Any] | None:
    """Return the JSON object that a request's metadata holds, None where it is another text.

    Earlier clients put free text there. What begins with a brace is meant as an object.

    Args:
        text: The metadata field.
        most_bytes: Most bytes of it.

    Raises:
        InvalidInput: the text is larger than most_bytes, or begins with a brace and is no JSON object of at most
            MAX_LEVELS levels whose keys differ, whose numbers float64 can carry, and whose texts UTF-8 can carry.
    """
    check_size(text, most_bytes)
    meant = text.lstrip().startswith("{")
    level = deepest = 0
    for bracket in _BRACKETS.findall(text):
        level += {"[": 1, "{": 1, "]": -1, "}": -1}.get(bracket, 0)
        deepest = max(deepest, level)
    if deepest > MAX_LEVELS:
        raise InvalidInput("metadata", f"must nest at most {MAX_LEVELS} levels", value=deepest)
    if not meant:
        return None
    try:
        given: dict[str, Any] = json.loads(
            text,
            **(_CAREFULLY if _LARGE_NUMBER.search(text) else {}),
            parse_constant=_refuse_constant,
            object_pairs_hook=_with_different_keys,
        )
    except json.JSONDecodeError as error:
        rule = f"must be a JSON object where it begins with a brace ({error.msg} at character {error.pos})"
        raise InvalidInput("metadata", rule, value=text[error.pos : error.pos + 20] or None) from None
    if "\\ud" in text.lower():  # a lone surrogate, escaped, is JSON, but no text that a reply could hold
        try:
            json.dumps(given, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise InvalidInput("metadata", "must hold text that UTF-8 can carry, without lone surrogates") from None
    return given


def parse_object(struct_type: type[S], text: str, field: str) -> S:
    """Parse a field that holds a JSON object of known keys; "" means its defaults.

    Args:
        struct_type: A msgspec Struct that forbids unknown fields.
        text: The field's text.
        field: Its name, for messages.

    Raises:
        InvalidInput: the text is no JSON object, a key is unknown, or a value breaks its rule.
    """
    if not text.strip():
        return struct_type()
    given = json_object(text)
    if given is None:
        raise InvalidInput(field, "must be a JSON object", value=text[:80])
    return _converted(given, struct_type, field)


class StreamOptions(Generic[O]):
    """The options of a stream, which its first message sets."""

    def __init__(self, options_type: type[O]) -> None:
        """Start before the first message.

        Args:
            options_type: The method's options.
        """
        self._type = options_type
        self._text = ""
        self._chosen: O | None = None
        self._ignored: list[str] = []

    def read(self, text: str) -> O:
        """Return the stream's options, given the metadata of its next message.

        Raises:
            InvalidInput: as parse does, or a later message sets an option to another value than the first.
        """
        if self._chosen is None:
            self._chosen, self._ignored = parse(self._type, text)
            self._text = text
        elif text and text != self._text:
            later, _ = parse(self._type, text)
            for key in _given_keys(self._type, text):
                if getattr(later, key) != getattr(self._chosen, key):
                    rule = f"must stay {getattr(self._chosen, key)!r}, as the stream's first message set it"
                    raise InvalidInput(f"metadata.{key}", rule, value=getattr(later, key))
        return self._chosen

    def ignored_once(self) -> list[str]:
        """Return the keys of the first message that were ignored, and nothing from then on: one reply names them."""
        ignored, self._ignored = self._ignored, []
        return ignored


def reply_metadata(ignored: Sequence[str] = (), **extras: Any) -> str:
    """Return a reply's metadata: JSON of the extra outputs, "" where there are none.

    Args:
        ignored: Keys that parse ignored.
        **extras: Extra outputs; None leaves one out, a number that is not finite becomes null.
    """
    shown = {name: _finite(value) for name, value in extras.items() if value is not None}
    if ignored:
        shown["ignored_options"] = [key[:100] for key in ignored[:20]]
    return json.dumps(shown) if shown else ""


def _given_keys(options_type: type[Options], text: str) -> list[str]:
    given = json_object(text) or {}
    return [key for key in options_type.__struct_fields__ if key in given]


def _refuse_constant(literal: str) -> NoReturn:
    raise InvalidInput("metadata", "must hold JSON numbers only", value=literal)


def _whole(literal: str) -> int:
    if len(literal.removeprefix("-")) > _MOST_DIGITS:
        raise InvalidInput("metadata", f"must hold whole numbers of at most {_MOST_DIGITS} digits", value=literal)
    return int(literal)


def _number(literal: str) -> float:
    number = float(literal)
    if not math.isfinite(number):
        raise InvalidInput("metadata", "must hold numbers that float64 can carry", value=literal)
    return number


_CAREFULLY: Mapping[str, Any] = {"parse_int": _whole, "parse_float": _number}


def _with_different_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    given = dict(pairs)
    if len(given) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise InvalidInput("metadata", "must name each key once", value=twice)
    return given


def _converted(given: Mapping[str, Any], struct_type: type[S], field: str) -> S:
    """Return an object as a struct; msgspec's error becomes name, rule and value.

    Raises:
        InvalidInput: a value breaks its rule.
    """
    try:
        return msgspec.convert(given, struct_type)
    except msgspec.ValidationError as error:
        path, rule, value = rules.broken(error, struct_type, given)
        raise InvalidInput(f"{field}.{path}" if path else field, rule, value=value) from None


def _finite(value: Any) -> Any:
    item = getattr(value, "tolist", None)
    if callable(item):
        value = item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value
