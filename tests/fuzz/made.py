"""Random requests: bytes that are no messages, wrong options, wrong values, and streams that are out of order."""

from dataclasses import dataclass

from tests.fuzz.draw import Draw
from tests.fuzz.messages import ordinary, spoil
from tests.fuzz.methods import ENDLESS, METHODS
from tests.fuzz.options import metadata, odd_metadata

__all__ = ["KINDS", "Asked", "asked"]

_SELDOM = {"Info", "Health.Check", "Health.Watch", "ServerReflection.ServerReflectionInfo"}
_NAMES = tuple(name for name in METHODS for _ in range(1 if name in _SELDOM else 8))
_HUGE = 600_000


@dataclass
class Asked:
    """A request, and how its client behaves.

    Attributes:
        number: Its number.
        kind: What is wrong with it, one of KINDS; nothing may be.
        method: Name of the method.
        path: Path that is called.
        sent: The messages, serialised.
        one: Whether it is sent as a unary call, and not as a stream.
        closes: Whether the client ends its stream of requests.
        takes: Replies after which the client leaves; None where it reads them all.
        deadline_s: The client's deadline, where it is one that may pass.
        leaves_s: Seconds after which the client leaves, None where it does not.
        late: Replies are read after all messages were sent, and not in between.
        token: Which token the call has: "one", "two", "wrong" or "none".
        known_job: Whether the id of a job of this client takes the place of the message.
    """

    number: int
    kind: str
    method: str
    path: str
    sent: list[bytes]
    one: bool
    closes: bool = True
    takes: int | None = None
    deadline_s: float | None = None
    leaves_s: float | None = None
    late: bool = True
    token: str = "one"
    known_job: bool = False

    @property
    def impatient(self):
        """Whether the client itself may end the call, or keeps the server waiting."""
        return not (self.deadline_s is None and self.leaves_s is None and self.takes is None and self.closes)


def asked(seed, number):
    """Return request number of a seed."""
    draw = Draw(seed, number)
    method = METHODS[draw.choice(_NAMES)]
    kind = draw.choice(tuple(KINDS))
    messages, change = KINDS[kind](draw, method)
    request = Asked(
        number,
        kind,
        method.name,
        draw.choice(method.paths),
        messages,
        not method.takes_stream and not method.sends_stream,
    )
    request.token = draw.choice(("wrong", "none")) if draw.chance(0.03) else ("one", "two")[number % 2]
    if method.name in ENDLESS:
        request.takes = draw.choice((1, 1, 1, 2))
        request.leaves_s = draw.choice((0.02, 0.2))
    if method.name in {"WatchJob", "FetchResult", "CancelJob"} and draw.chance(0.5):
        request.known_job = True
    if draw.chance(0.02):
        request.deadline_s = draw.choice((0.0, 0.001, 0.003, 0.01, 0.05))
    if draw.chance(0.02):
        request.leaves_s = draw.choice((0.0, 0.001, 0.01))
    change(request)
    return request


def _unchanged(_):
    pass


def _values(draw, method):
    messages = ordinary(draw, method.name, metadata(draw, method.name))
    for _ in range(draw.choice((0, 1, 1, 1, 2, 3))):
        if messages:
            spoil(draw, draw.choice(messages))
    return [message.SerializeToString() for message in messages], _unchanged


def _options(draw, method):
    messages = ordinary(draw, method.name, odd_metadata(draw, method.name))
    if len(messages) > 1 and draw.chance(0.3) and "metadata" in messages[-1].DESCRIPTOR.fields_by_name:
        messages[-1].metadata = odd_metadata(draw, method.name)
    return [message.SerializeToString() for message in messages], _unchanged


def _wire(draw, method):
    options = metadata(draw, method.name) if draw.chance(0.5) else ""
    sent = [message.SerializeToString() for message in ordinary(draw, method.name, options)] or [b""]
    for _ in range(draw.choice((1, 1, 2))):
        place = draw.randrange(len(sent))
        sent[place] = draw.choice(_MUTATIONS)(draw, sent[place])
    return sent, _unchanged


def _varint(value):
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _flipped(draw, data):
    changed = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 8))):
        if changed:
            changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def _inserted(draw, data, added):
    place = draw.choice((0, len(data), draw.randint(0, len(data))))
    return data[:place] + added + data[place:]


def _field(draw, wire_type, body):
    return _varint(draw.choice((1, 2, 3, 4, 5, 6, 7, 8, 9, 19, 2**29 - 1, 0)) << 3 | wire_type) + body


_BODIES = (
    lambda draw: _field(draw, 0, draw.choice((b"\1", b"\xff" * 9 + b"\1", b"\xff" * 11, b"\x80"))),
    lambda draw: _field(draw, 1, draw.randbytes(draw.choice((8, 7, 0)))),
    lambda draw: _field(draw, 5, draw.randbytes(draw.choice((4, 3)))),
    lambda draw: _field(
        draw, 2, _varint(draw.choice((0, 1, 5, 2**31 - 1, 2**32, 2**63, 2**64 - 1))) + draw.randbytes(5)
    ),
    lambda draw: _field(
        draw, 2, _varint(4) + draw.choice((b"\xff\xfe\xfd\xfc", b"\xed\xa0\x80\x80", b"\xc0\x80\xc0\x80"))
    ),
    lambda draw: _field(draw, draw.choice((3, 4, 6, 7)), b"\1"),
    lambda draw: draw.choice((b"\x0b", b"\x1b", b"\x3b")) * draw.choice((1, 99, 101, 5000)),
    lambda draw: _nested(draw.choice((1, 2, 3)), draw.choice((2, 99, 101, 2000))),
    lambda draw: draw.marked_name.encode(),
)


def _nested(number, levels):
    body = b""
    for _ in range(levels):
        body = _varint(number << 3 | 2) + _varint(len(body)) + body
    return body


_MUTATIONS = (
    _flipped,
    _flipped,
    lambda draw, data: data[: draw.randint(0, len(data))],
    lambda draw, data: data[draw.randint(0, len(data)) :],
    lambda draw, data: data + data,
    lambda draw, data: _inserted(draw, data, draw.choice(_BODIES)(draw)),
    lambda draw, data: _inserted(draw, data, draw.choice(_BODIES)(draw)),
    lambda draw, data: data + draw.choice(_BODIES)(draw),
    lambda draw, data: draw.randbytes(draw.choice((0, 1, 2, 30, 300))),
    lambda draw, data: draw.choice((b"", b"\0" * 100, b"\n\0" * _HUGE if draw.chance(0.01) else b"\n\0" * 50)),
)


def _streams(draw, method):
    messages = ordinary(draw, method.name, metadata(draw, method.name))
    if draw.chance(0.4) and method.takes_stream:
        messages += ordinary(draw, method.name, odd_metadata(draw, method.name) if draw.chance(0.3) else "")
    sent = [message.SerializeToString() for message in messages]
    for _ in range(draw.choice((1, 1, 2))):
        draw.choice(_DISORDERS)(draw, sent)
    late, chosen = draw.chance(0.5), draw.random()

    def change(request):
        request.one, request.late = False, late
        if chosen < 0.3:
            request.closes, request.leaves_s = False, draw.choice((0.0, 0.001, 0.02, 0.1))
        elif chosen < 0.31:
            request.closes, request.leaves_s = False, 5.0  # longer than the server waits for a chunk
        elif chosen < 0.4:
            request.takes = draw.choice((0, 1, 2))
        elif chosen < 0.5:
            request.deadline_s = draw.choice((0.0, 0.001, 0.01))

    return sent, change


def _other(draw, sent):
    method = draw.choice(_NAMES)
    foreign = [message.SerializeToString() for message in ordinary(draw, method, "")]
    sent[draw.randint(0, len(sent)) :] = foreign


_DISORDERS = (
    lambda draw, sent: draw.shuffle(sent),
    lambda draw, sent: sent.reverse(),
    lambda draw, sent: sent.clear(),
    lambda draw, sent: sent.extend(sent[:1]),
    lambda draw, sent: sent.insert(draw.randint(0, len(sent)), b""),
    lambda draw, sent: sent.pop(0) if sent else None,
    lambda draw, sent: sent.extend(sent[-1:] * draw.choice((1, 30))),
    _other,
    lambda draw, sent: None,
)

KINDS = {"wire": _wire, "options": _options, "values": _values, "streams": _streams}
