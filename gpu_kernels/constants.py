"""Numbers of the kernels that Python needs too: each is written once, in a header or a kernel, and read from there."""

import re
from functools import cache
from pathlib import Path

__all__ = ["constants", "integer"]

_HERE = Path(__file__).resolve().parent
_DECLARED = re.compile(r"^static const (?:Index|double) ([^;]+);|^enum \{([^}]+)\};", re.MULTILINE)


@cache
def constants(*names: str) -> dict[str, float]:
    """Return the constants of sources by name: `static const Index A = 1, B = 2;`, and the members of enums in order.

    What is no plain number, nor the name of a constant before it, is left out.

    Args:
        *names: Files below this folder, such as "weights/factor.h"; a later one may name the constants of an earlier.

    Raises:
        OSError: there is no such file.
    """
    found: dict[str, float] = {}
    for name in names:
        text = re.sub(r"//.*", "", (_HERE / name).read_text(encoding="utf-8"))
        for numbers, members in _DECLARED.findall(text):
            after: float | None = 0
            for word, _, value in (item.strip().partition(" = ") for item in (numbers or members).split(",")):
                given = _number(value, found) if value else after
                if word and given is not None:
                    found[word] = given
                after = None if given is None else given + 1
    return found


def integer(name: str, *sources: str) -> int:
    """Return a constant that is a whole number.

    Args:
        name: Of the constant.
        *sources: As in constants.

    Raises:
        KeyError: no source has it.
        OSError: there is no such file.
    """
    return int(constants(*sources)[name])


def _number(text: str, known: dict[str, float]) -> float | None:
    try:
        return float.fromhex(text) if text.startswith("0x") else float(text)
    except ValueError:
        return known.get(text)
