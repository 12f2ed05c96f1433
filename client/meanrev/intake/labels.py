"""Numbers of each asset, or of each pair of assets: matched to the returns by label, or by place without labels."""

import sys
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from meanrev.errors import InvalidInput
from meanrev.intake.arrays import MappingTable, array_floats
from meanrev.intake.containers import is_frame
from meanrev.intake.describe import different
from meanrev.intake.objects import of_objects
from meanrev.intake.table import Floats, ListTable, Table

__all__ = ["aligned", "labelled", "labels_of", "square", "vector"]

_NAMED = 8


class _Labelled(NamedTuple):
    """Values with their labels.

    Attributes:
        values: (N,) or (N, M).
        labels: (N,), or None.
        strict: The labels are all that places a value, as in a mapping; a pandas index may be taken by place.
        counted: The labels are the numbers of rows that pandas gives where it is given none.
    """

    values: Floats
    labels: tuple[Hashable, ...] | None
    strict: bool = False
    counted: bool = False


def vector(field: str, given: Any, names: Sequence[Hashable], what: str = "the returns") -> Floats:
    """Read one number an asset.

    Args:
        field: The argument's name, for messages.
        given: (N,) numbers; a mapping, a pandas Series, or a frame of polars or pyarrow with a row or with two columns
            (labels, numbers), which is aligned by its labels.
        names: Labels of the assets; none where they have none.
        what: Whose labels these are.

    Returns:
        (N,) in the order of the names.

    Raises:
        InvalidInput: it holds no numbers, or its labels are not those of the assets.
    """
    found = _labelled(field, given)
    if found.labels is None or (found.counted and not set(found.labels) & set(names)):
        if names and found.values.size != len(names):
            raise InvalidInput(
                field, f"must hold one number for each of the {len(names)} assets", value=found.values.size
            )
        return found.values
    places = aligned(field, found.labels, names, strict=found.strict, what=what)
    return found.values if places is None else found.values[places]


def square(field: str, given: Any, names: Sequence[Hashable] = ()) -> Table:
    """Read (N, N) numbers, each row and column an asset.

    Args:
        field: The argument's name, for messages.
        given: An array; a frame whose columns are assets and whose index, if it holds labels, has the same ones; or a
            mapping of mappings.
        names: Labels of the assets; none where they have none, so that those of the matrix stay.

    Returns:
        A table in the order of the names, with the labels of the matrix.

    Raises:
        InvalidInput: it holds no numbers, is not square, or its labels are not those of the assets.
    """
    read, rows = _square(field, given)
    read.matrix(field)
    if read.values.shape[0] != read.values.shape[1]:
        raise InvalidInput(field, "must be square, one row and one column an asset", value=read.values.shape)
    if rows is not None:
        order = aligned(field, rows, read.names, what="its columns")
        read = read if order is None else replace(read, values=read.values[order])
    places = aligned(field, read.names, names, strict=False) if read.names and names else None
    return read if places is None else Table(read.values[np.ix_(places, places)], tuple(names))


def labelled(field: str, given: Any) -> Table:
    """Read one labelled row of numbers, one an asset, as a (1, N) table.

    Args:
        field: The argument's name, for messages.
        given: A mapping or a pandas Series by asset.

    Raises:
        InvalidInput: it holds no numbers.
    """
    found = _labelled(field, given)
    names = () if found.counted else found.labels or ()
    values = found.values.reshape(1, -1)
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(given, pandas.Series):
        from meanrev.intake.pandas_frames import PandasTable  # noqa: PLC0415 - as above

        return PandasTable(values, names, native=given.to_frame().T)
    return MappingTable(values, names)


def labels_of(given: Any) -> tuple[Hashable, ...]:
    """Return the labels of a mapping or of a pandas Series, or none where it has none but numbers of rows."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(given, pandas.Series):
        return () if isinstance(given.index, pandas.RangeIndex) else tuple(given.index)
    return tuple(given) if isinstance(given, Mapping) else ()


def aligned(
    field: str,
    labels: Sequence[Hashable],
    names: Sequence[Hashable],
    *,
    strict: bool = True,
    what: str = "the returns",
) -> list[int] | None:
    """Return where each name is among labels, or None where the labels are in the order of the names.

    Args:
        field: The argument's name, for messages.
        labels: That the argument came with.
        names: That it should have; none where the assets have none.
        strict: Labels that cannot be compared, because the assets have none, are an error.
        what: Whose names these are.

    Raises:
        InvalidInput: the labels are not the names, each once; names those that are missing or unknown.
    """
    if not names:
        if strict and tuple(labels) != tuple(range(len(labels))):
            rule = f"is labelled, and {what} are not: give numbers in the order of their columns, or a frame for both"
            raise InvalidInput(field, rule)
        return None
    if tuple(labels) == tuple(names):
        return None
    places = {label: place for place, label in enumerate(labels)}
    missing = [name for name in names if name not in places]
    if not missing and len(places) == len(labels) == len(names):
        return [places[name] for name in names]
    known = set(names)
    extra = [label for label in places if label not in known]
    twice = [label for label, count in Counter(labels).items() if count > 1]
    parts = [
        f"{word}: {_few(some)}" for word, some in (("missing", missing), ("not known", extra), ("twice", twice)) if some
    ]
    parts += [f"did you mean {name!r} for {label!r}" for label, name in _alike(extra, missing)]
    raise InvalidInput(field, f"must be labelled like {what}: {_few(names, plain=True)} ({'; '.join(parts)})")


def _labelled(field: str, given: Any) -> _Labelled:
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(given, pandas.Series | pandas.DataFrame):
        return _of_pandas(field, given)
    if isinstance(given, Mapping):
        cells = list(given.values())
        return _Labelled(of_objects(field, cells, lambda row: repr(list(given)[row])), tuple(given), strict=True)
    if is_frame(given):
        return _of_frame(field, given)
    values = given.values if isinstance(given, Table) else array_floats(field, given)
    return _Labelled(values.reshape(-1), None)


def _of_pandas(field: str, given: Any) -> _Labelled:
    from meanrev.intake.pandas_frames import indexed, labelled_floats  # noqa: PLC0415 - pandas is loaded: one of its objects came

    given = indexed(given)
    values = labelled_floats(field, given)
    if given.ndim == 1 or given.shape[1] == 1:
        index = given.index
    elif len(given) == 1:
        index = given.columns
    else:
        raise InvalidInput(field, "must hold one number an asset", value=given.shape)
    counted = type(index).__name__ == "RangeIndex" and (index.start, index.step) == (0, 1)
    return _Labelled(values.reshape(-1), tuple(index), counted=counted)


def _of_frame(field: str, given: Any) -> _Labelled:
    """Read a row whose columns are the assets, or two columns: labels and numbers."""
    from meanrev.intake.frames import labels_and_numbers  # noqa: PLC0415 - narwhals loads only when such a frame arrives

    labels, read = labels_and_numbers(field, given)
    if read.values.ndim == 1 or read.values.shape[1] == 1:
        return _Labelled(read.values.reshape(-1), labels, strict=True)
    if len(read.values) == 1 and labels is None:
        return _Labelled(read.values[0], read.names, strict=True)
    raise InvalidInput(field, "must hold one number an asset", value=read.values.shape)


def _square(field: str, given: Any) -> tuple[Table, tuple[Hashable, ...] | None]:
    """Return a matrix with the labels of its columns, and those of its rows where it has some of its own."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(given, pandas.DataFrame):
        from meanrev.intake.pandas_frames import PandasTable, indexed, labelled_floats  # noqa: PLC0415 - as above

        given = indexed(given)
        different(field, given.columns)
        counted = isinstance(given.index, pandas.RangeIndex) and set(given.index) != set(given.columns)
        read = PandasTable(labelled_floats(field, given), tuple(given.columns), native=given)
        return read, None if counted else tuple(given.index)
    if isinstance(given, Mapping):
        names = tuple(given)
        lines = [vector(f"{field}[{name!r}]", line, names) for name, line in given.items()]
        return MappingTable(np.stack(lines, axis=1) if lines else np.empty((0, 0)), names), None
    if is_frame(given):
        from meanrev.intake.frames import labels_and_numbers  # noqa: PLC0415 - as above

        labels, table = labels_and_numbers(field, given)
        return table, labels
    if isinstance(given, Table):
        return given, None
    values = array_floats(field, given)
    return ListTable(values) if isinstance(given, list | tuple) else Table(values), None


def _alike(extra: Sequence[Hashable], missing: Sequence[Hashable]) -> list[tuple[Hashable, Hashable]]:
    """Return labels beside names that differ from them by case, spaces or type only."""
    plain = {_plain(name): name for name in missing}
    return [(label, plain[_plain(label)]) for label in extra if _plain(label) in plain][:3]


def _plain(label: Hashable) -> str:
    return " ".join(str(label).split()).casefold()


def _few(labels: Sequence[Hashable], *, plain: bool = False) -> str:
    shown = ", ".join(str(label) if plain else repr(label) for label in labels[:_NAMED])
    return f"{shown}, ..." if len(labels) > _NAMED else shown
