"""Names of series, as they are sent."""

from collections import Counter
from collections.abc import Sequence

from meanrev.errors import InvalidInput
from meanrev.intake.table import Table
from meanrev.methods import fields

__all__ = ["series_names"]


def series_names(read: Table, asset_ids: Sequence[str] | None) -> list[str]:
    """Return one name a series: as given, else a frame's columns or a series' own name, else their numbers.

    Args:
        read: (T,) or (T, N).
        asset_ids: N names, or None.

    Raises:
        InvalidInput: there are more or fewer names than series, or two are the same.
    """
    width = 1 if read.values.ndim == 1 else read.values.shape[1]
    given = [] if asset_ids is None else fields.names("asset_ids", asset_ids)
    names = [str(name) for name in (given or read.names or range(width))]
    if read.values.ndim == 1 and not given:
        name = getattr(getattr(read, "native", None), "name", None)
        names = ["" if name is None else str(name)]
    if len(names) != width:
        raise InvalidInput("asset_ids", f"must hold {width} names, one a series", value=len(names))
    if len(set(names)) != width:
        raise InvalidInput("asset_ids", "must differ from each other", value=Counter(names).most_common(1)[0][0])
    return names
