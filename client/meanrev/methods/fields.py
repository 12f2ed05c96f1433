"""Checks of a request's fields: a value that does not fit its field is refused by name before anything is sent.

protobuf and struct would raise "bad argument type for built-in operation", or send another number for a large one.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from typing import Any, cast

import numpy as np
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from numpy.typing import NDArray

from meanrev.choices import suggestion
from meanrev.errors import InvalidInput
from meanrev.intake.stamps import FIRST_MS, LAST_MS, iso_times, unit_checked

__all__ = [
    "fitting",
    "integer",
    "listed",
    "names",
    "number",
    "numbers",
    "priced",
    "quantities",
    "shown",
    "stamp",
    "stamps",
    "text",
]

_LONGEST = 100
_MOST_LISTED = 1000
_BITS = {
    FieldDescriptor.TYPE_INT32: 31,
    FieldDescriptor.TYPE_INT64: 63,
}
_REFUSED = (TypeError, ValueError, OverflowError)

Check = Callable[[str, Any], Any]


def fitting(message_type: type[Message], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a request's fields as plain numbers, texts and arrays.

    Args:
        message_type: The request's class.
        values: By field; None leaves one unset.

    Raises:
        InvalidInput: a value has not the type of its field, or there is no such field.
    """
    return _fitting(message_type.DESCRIPTOR, "", values)  # type: ignore[arg-type] # a descriptor, or its C twin


def number(field: str, value: Any) -> float:
    """Return a real number as a float.

    Raises:
        InvalidInput: it is none.
    """
    if not isinstance(value, str | bytes):
        try:
            return float(value)
        except _REFUSED:
            pass
    raise InvalidInput(field, "must be a number", value=shown(value))


def integer(field: str, value: Any, bits: int = 63) -> int:
    """Return a whole number, which may come as 2.0.

    Raises:
        InvalidInput: it is none, or does not fit into so many bits and a sign.
    """
    if not isinstance(value, str | bytes):
        try:
            whole = int(value)
            if whole == value and -(1 << bits) <= whole < 1 << bits:
                return whole
        except _REFUSED:
            pass
    raise InvalidInput(field, f"must be a whole number of at most {bits} bits", value=shown(value))


def listed(limit: int) -> int:
    """Return how many entries a list is to have at most.

    Raises:
        InvalidInput: it is more than a server lists at once, or less than one.
    """
    if not 1 <= limit <= _MOST_LISTED:
        raise InvalidInput("limit", f"must be from 1 to {_MOST_LISTED}", value=limit)
    return limit


def text(field: str, value: Any) -> str:
    """Return a text that UTF-8 can carry.

    Raises:
        InvalidInput: it is none.
    """
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            pass
        else:
            return value
    raise InvalidInput(field, "must be a text", value=shown(value))


def names(field: str, given: Any) -> list[Any]:
    """Return names as a list; one text is not a list of letters.

    Raises:
        InvalidInput: given is no sequence of names.
    """
    if isinstance(given, str | bytes) or not isinstance(given, Iterable) or getattr(given, "ndim", 1) == 0:
        raise InvalidInput(field, "must be a sequence of names", value=shown(given))
    return list(given)


def numbers(field: str, given: Any) -> NDArray[np.float64]:
    """Return (T,) numbers.

    Raises:
        InvalidInput: they are none, or have another shape.
    """
    try:
        values = np.asarray(given, dtype=np.float64)
    except _REFUSED:
        raise InvalidInput(field, "must be numbers of shape (T,)", value=shown(given)) from None
    if values.ndim != 1:
        raise InvalidInput(field, "must be numbers of shape (T,)", value=values.shape)
    return values


def quantities(field: str, given: Any) -> dict[str, float]:
    """Return a number for each name.

    Raises:
        InvalidInput: given is no mapping and no labelled series, or holds what is no name or no number.
    """
    if not hasattr(given, "keys") or not hasattr(given, "__getitem__"):
        raise InvalidInput(field, "must map names to numbers", value=shown(given))
    labels = list(given.keys())
    known = {_asset(field, label): number(f"{field}[{label!r}]", given[label]) for label in labels}
    if len(known) < len(labels):
        raise InvalidInput(field, "must have a different name for each asset, as a text too", value=len(labels))
    return known


def _asset(field: str, label: Any) -> str:
    """Return a label as the text that stands for it on the wire; numbers and dates are written as str writes them."""
    if label is None or isinstance(label, bytes | bool | float | np.floating):
        raise InvalidInput(
            field, "must name assets by texts, whole numbers, dates or tuples of them", value=shown(label)
        )
    return text(field, label if isinstance(label, str) else str(label))


def stamps(field: str, given: Any) -> NDArray[np.int64]:
    """Return (T,) milliseconds since the epoch; dates of NumPy are taken for UTC.

    Raises:
        InvalidInput: they are no whole numbers and no dates, or have another shape.
    """
    rule = "must be whole milliseconds since the epoch, of shape (T,)"
    try:
        values = np.asarray(given)
    except _REFUSED:
        raise InvalidInput(field, rule, value=shown(given)) from None
    if values.ndim != 1:
        raise InvalidInput(field, rule, value=values.shape)
    if values.dtype.kind == "O" and all(isinstance(moment, dt.date) for moment in values):
        values = iso_times(field, [moment.isoformat() for moment in values])
    if values.dtype.kind == "M" and not np.isnat(values).any():
        values = values.astype("datetime64[ms]")
    elif values.size and not (values.dtype.kind in "iu" or (values.dtype.kind == "f" and _whole(values))):
        raise InvalidInput(field, rule, value=str(values.dtype))
    return unit_checked(field, values.astype(np.int64), whole_call=False)


def stamp(field: str, value: Any) -> int:
    """Return milliseconds since the epoch, of the years 1900 to 2200.

    Raises:
        InvalidInput: value is no whole number, or looks like another unit.
    """
    known = integer(field, value)
    if not FIRST_MS <= known < LAST_MS:
        unit_checked(field, np.array([known]), whole_call=False)
    return known


def priced(field: str, item: Any, parts: tuple[str, ...]) -> Mapping[str, Any]:
    """Return an item of a stream as its message's fields; a price of None is NaN, not 0.

    Args:
        field: The argument that the items come from.
        item: A price, a tuple of parts, or a mapping of the message's fields.
        parts: What a tuple holds; those after the price may be left out.

    Raises:
        InvalidInput: there is no price.
    """
    if isinstance(item, tuple) and not parts.index("price") < len(item) <= len(parts):
        raise InvalidInput(field, f"must be prices, or tuples ({', '.join(parts)})", value=item)
    given = item if isinstance(item, Mapping) else {"price": item}
    if isinstance(item, tuple):
        given = dict(zip(parts, item, strict=False))
    if given.get("price") is None and given.get("prices") is None:
        if "price" not in given:
            raise InvalidInput(field, "must hold a price or prices each", value=", ".join(map(str, given)))
        return {**given, "price": float("nan")}
    return given


def shown(value: Any) -> Any:
    """Return what a message shows of a value: itself where that is short, else its type."""
    if isinstance(value, str):
        return value[:_LONGEST]
    brief = isinstance(value, float | complex) or (isinstance(value, int) and value.bit_length() < _LONGEST)
    return value if brief else type(value).__name__


def _whole(values: NDArray[Any]) -> bool:
    return bool(np.isfinite(values).all()) and bool((values % 1 == 0).all())


def _fitting(descriptor: Descriptor, place: str, values: Mapping[str, Any]) -> dict[str, Any]:
    checks = _checks(descriptor)
    out: dict[str, Any] = {}
    for name, value in values.items():
        check = checks.get(name)
        if check is None:
            advice = suggestion(name, checks)
            listed = ", ".join(checks) + ("; " + advice if advice else "")
            raise InvalidInput(f"{place}{name}", f"is not a field of {descriptor.name} (its fields: {listed})")
        out[name] = None if value is None else check(f"{place}{name}", value)
    return out


@cache
def _checks(descriptor: Descriptor) -> dict[str, Check]:
    return {field.name: _check(field) for field in descriptor.fields}


def _check(field: FieldDescriptor) -> Check:
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        return _as_it_is if field.is_repeated else partial(_message, cast("Descriptor", field.message_type))
    if field.type == FieldDescriptor.TYPE_STRING:
        return _texts if field.is_repeated else text
    if field.name == "timestamp_ms":
        return stamp
    if field.type in _BITS:
        return stamps if field.is_repeated else partial(_integer, _BITS[field.type])
    return numbers if field.is_repeated else number


def _integer(bits: int, field: str, value: Any) -> int:
    return integer(field, value, bits)


def _texts(field: str, given: Any) -> list[str]:
    return [text(field, value) for value in names(field, given)]


def _message(descriptor: Descriptor, field: str, value: Any) -> Any:
    return _fitting(descriptor, f"{field}.", value) if isinstance(value, Mapping) else value


def _as_it_is(_field: str, value: Any) -> Any:
    return value
