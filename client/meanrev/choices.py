"""The rule that a name breaks which is not one of those allowed, and the name that was probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["choice_rule", "suggestion"]

_LISTED = 40


def suggestion(value: object, allowed: Iterable[object]) -> str:
    """Return "did you mean 'x'?" for the name that is nearest to a value, "" where none is near.

    Args:
        value: What was given.
        allowed: What could have been.
    """
    names = {_folded(name): name for name in allowed if isinstance(name, str)}
    near = get_close_matches(_folded(value), names, n=1) if isinstance(value, str) else []
    return f"did you mean {names[near[0]]!r}?" if near else ""


def choice_rule(value: object, allowed: Iterable[object]) -> str:
    """Return the rule that a value breaks which is not one of those allowed, with the one that was probably meant.

    Args:
        value: What was given.
        allowed: What could have been; of many, the first ones are listed.
    """
    known = list(allowed)
    more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
    advice = suggestion(value, known)
    return f"must be one of {', '.join(map(repr, known[:_LISTED]))}{more}" + (f" ({advice})" if advice else "")


def _folded(name: object) -> str:
    return str(name).casefold().replace("-", "_").replace(" ", "_")
