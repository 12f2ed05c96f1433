"""How many elements a serialised message has, found without parsing it.

Each element of a repeated field of messages or strings becomes an object of some hundred bytes, even where it takes two
on the wire. So elements are counted before a large message is parsed.
"""

from functools import cache

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from meanrev_wire.errors import InvalidField

__all__ = ["MAX_ELEMENTS", "check_elements"]

MAX_ELEMENTS = 500_000
"""Most fields that a message may have in all; the packed numbers of an array are one."""

_VARINT, _FIXED64, _DELIMITED, _FIXED32 = 0, 1, 2, 5
_ONE_BYTE = 0x7F
_MESSAGE = FieldDescriptor.TYPE_MESSAGE
_FIXED_BYTES = {_FIXED64: 8, _FIXED32: 4}


def check_elements(descriptor: Descriptor, data: bytes) -> None:
    """Refuse a message with too many fields, those of its messages included.

    It looks at tags and lengths alone, and stops at the limit. Bytes that are no message are left to the parser.

    Args:
        descriptor: The message's descriptor.
        data: The serialised message.

    Raises:
        InvalidField: there are too many; it names the field that has most of them at the top.
    """
    counts: dict[int, int] = {}
    pending = [(0, len(data), _messages(descriptor), 0)]
    left = MAX_ELEMENTS
    while pending:
        place, stop, known, top = pending.pop()
        while place < stop:
            # Nearly all tags and lengths take one byte, which a call for each would make eight times as slow.
            tag = data[place]
            place += 1
            if tag > _ONE_BYTE:
                tag, place = _varint(data, place - 1)
            number, kind = tag >> 3, tag & 7
            belongs = top or number
            counts[belongs] = counts.get(belongs, 0) + 1
            left -= 1
            if left < 0:
                raise _refusal(descriptor, max(counts, key=counts.__getitem__))
            if kind == _DELIMITED and place < stop:
                size = data[place]
                place += 1
                if size > _ONE_BYTE:
                    size, place = _varint(data, place - 1)
                if size and number in known:
                    pending.append((place, min(stop, place + size), _messages(known[number]), belongs))
                place += size
            elif kind == _VARINT:
                place = _varint(data, place)[1]
            elif kind in _FIXED_BYTES:
                place += _FIXED_BYTES[kind]
            else:
                return  # a group, or no message at all


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """Return a whole number and the place behind it; at the end of the data, what there is of it."""
    value = shift = 0
    for byte in data[place : place + 10]:
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
    return value, len(data)


@cache
def _messages(descriptor: Descriptor) -> dict[int, Descriptor]:
    """Return the types of a message's fields that are messages, by their number."""
    found = ((field.number, field.message_type) for field in descriptor.fields if field.type == _MESSAGE)
    return {number: kind for number, kind in found if kind is not None}


def _refusal(descriptor: Descriptor, number: int) -> InvalidField:
    named = descriptor.fields_by_number.get(number)
    field = "the request" if named is None else named.name
    rule = f"must leave the message at most {MAX_ELEMENTS} fields (repeated numbers are one where they are packed)"
    return InvalidField(field, rule, f"more than {MAX_ELEMENTS}")
