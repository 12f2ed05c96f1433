"""The argument walk_forward, as its parts on the wire."""

from typing import Any

import numpy as np

from meanrev.errors import InvalidInput
from meanrev.methods import fields

__all__ = ["SPANS", "spans"]

SPANS = ("train", "test", "purge")
"""Options of the wire that it becomes."""


def spans(given: Any) -> dict[str, int]:
    """Return the bars of each part; none where no walk-forward is asked for.

    Raises:
        InvalidInput: given is not (train, test) or (train, test, purge).
    """
    if given is None:
        return {}
    if isinstance(given, str) or np.ndim(given) != 1 or len(given) not in {2, 3}:
        raise InvalidInput("walk_forward", "must be (train, test) or (train, test, purge), in bars", value=given)
    return {name: fields.integer("walk_forward", bars) for name, bars in zip(SPANS, given, strict=False)}
