"""The rule of ids that the server keeps: they are short."""

from gpu_kernels.errors import InvalidInput

__all__ = ["MOST_ID_BYTES", "check_id"]

MOST_ID_BYTES = 256
"""Most bytes of an asset id or a portfolio id, as UTF-8."""


def check_id(field: str, text: str) -> str:
    """Return an id.

    Args:
        field: Its path in the request, for messages.
        text: The id.

    Raises:
        InvalidInput: it takes more than MOST_ID_BYTES.
    """
    if len(text) > MOST_ID_BYTES // 4 and len(text.encode()) > MOST_ID_BYTES:
        raise InvalidInput(field, f"must take at most {MOST_ID_BYTES} bytes as UTF-8", value=len(text.encode()))
    return text
