"""How these tests ask the reader of files: by the words of the command line, turned into its keywords in one place."""

from typing import Any

import numpy as np

__all__ = ["keywords", "read", "values_of"]

_FLAGS = {"--no-header": ("no_header", True), "--decimal-comma": ("decimal_comma", True), "--sort": ("sort", True)}
_LISTS = {"--columns": "columns", "--long": "long", "--missing": "missing"}
_TEXTS = {
    "--separator": "separator",
    "--date-column": "date_column",
    "--duplicates": "duplicates",
    "--tz": "tz",
}


def keywords(words):
    """Return the keyword arguments that words of the command line stand for."""
    given: dict[str, Any] = {}
    left = list(words)
    while left:
        word = left.pop(0)
        if word in _FLAGS:
            name, value = _FLAGS[word]
            given[name] = value
        elif word in _LISTS:
            given[_LISTS[word]] = tuple(left.pop(0).split(","))
        else:
            given[_TEXTS[word]] = left.pop(0)
    return given


def read(path, *words):
    """Read a file; returns the Table."""
    from meanrev.intake.files import read_file

    return read_file(path, **keywords(words))


def values_of(table):
    """Return a table's values as (T, N), its names as texts, and its times in milliseconds, or None."""
    values = np.asarray(table.values, dtype=np.float64)
    stamps = None if table.timestamps_ms is None else np.asarray(table.timestamps_ms, dtype=np.int64)
    return values.reshape(len(values), -1), [str(name) for name in table.names], stamps
