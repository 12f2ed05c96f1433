"""The errors of the wire.

WireError
├── MalformedMessage   bytes that are not the message they should be
└── InvalidField       a field whose parts contradict each other: names the field, the value and the rule
"""

__all__ = ["InvalidField", "MalformedMessage", "WireError"]


class WireError(ValueError):
    """Base of every error raised by meanrev_wire."""


class MalformedMessage(WireError):
    """Bytes that do not parse as the expected message.

    Attributes:
        message_name: Full protobuf name of the expected message.
    """

    def __init__(self, message_name: str, nbytes: int) -> None:
        self.message_name = message_name
        super().__init__(f"the request's {nbytes} bytes are not a valid {message_name} message")


class InvalidField(WireError):
    """A field that breaks the wire's own rules.

    Attributes:
        field: Path of the field, such as "returns_matrix.rows".
        rule: What is allowed, as a phrase that follows the name.
        value: The offending value.
    """

    def __init__(self, field: str, rule: str, value: object) -> None:
        self.field = field
        self.rule = rule
        self.value = value
        super().__init__(f"{field} {rule}, got {value!r}")
