"""The plan of a run: names, bars and tiles. It is in run.json and universe.parquet, and is read from them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import ArrayLike

from meanrev_batch import tables
from meanrev_batch.calendar import shown
from meanrev_batch.identity import FORMAT, hashed, list_id, maths, tile_id
from meanrev_batch.model import Chunk, Ints, PairList, Window
from meanrev_batch.options import ScanOptions
from meanrev_batch.store import Folder
from meanrev_batch.tiling import block_size, list_size, ranges, tiles
from meanrev_batch.verdicts import Verdict

__all__ = ["Judged", "Plan", "Source", "loaded", "plans_of", "source_entry", "universe_file"]


class Judged(NamedTuple):
    """What is known of the names in a window.

    Attributes:
        window: Which.
        verdicts: One a name of the universe, in its order.
        digests: Of the train part, and of all bars up to each name's stop, by name; of the names that are kept.
    """

    window: Window
    verdicts: list[Verdict]
    digests: tuple[dict[str, str], dict[str, str]]


class Source(NamedTuple):
    """What is known of the universe, apart from its prices.

    Attributes:
        uri: Where it was read.
        stamps_ms: Of the axis.
        windows: At least one.
        rows: Of the matrix, by name: those of all names that are kept in a window.
        members: A hash of the table of members; "" where there is none.
    """

    uri: str
    stamps_ms: Ints
    windows: list[Judged]
    rows: dict[str, int]
    members: str = ""


class Plan(NamedTuple):
    """What is computed in a window.

    Attributes:
        options: Of the scan.
        window: Which.
        names: That are kept in it.
        rows: (N,) of the matrix.
        stops: (N,) bars of the window up to which each can be traded.
        traded_to_ms: (N,) the times of the last of these bars.
        formed_ms: Times of the first and the last bar of the train part.
        digests: Of the train part, and of the bars up to the stop, by name.
        block: Names of a block.
        document: What run.json says.
    """

    options: ScanOptions
    window: Window
    names: tuple[str, ...]
    rows: Ints
    stops: Ints
    traded_to_ms: Ints
    formed_ms: tuple[int, int]
    digests: tuple[dict[str, str], dict[str, str]]
    block: int
    document: Mapping[str, Any]

    @property
    def n_train(self) -> int:
        """Bars of the train part."""
        return self.window.n_train

    @property
    def n_bars(self) -> int:
        """Bars of both parts."""
        return self.window.n_bars

    @property
    def id(self) -> str:
        """A hash of everything that the answer depends on."""
        return str(self.document["plan"])

    def tests(self) -> list[Chunk]:
        """Return the chunks of the first stage."""
        return [
            Chunk(
                tile_id(self.options, self.n_train, self.names, self.digests[0], tile),
                "test",
                f"names {tile.y_start} to {tile.y_stop - 1} with {tile.x_start} to {tile.x_stop - 1}{self._where}",
                tile,
                float(tile.n_pairs * self.n_train),
                self.window.start,
                self._rows([*range(tile.y_start, tile.y_stop), *range(tile.x_start, tile.x_stop)]),
            )
            for tile in tiles(len(self.names), self.block)
        ]

    def trades(self, selected: Mapping[str, Any]) -> list[Chunk]:
        """Return the chunks of the second stage: pairs that are traded over the same bars, in lists of one size.

        Args:
            selected: Columns of the tests of the selected pairs, by name, in the order of the tiles.
        """
        found: list[Chunk] = []
        stops = np.minimum(self.stops[selected["y"]], self.stops[selected["x"]])
        for stop in np.unique(stops)[::-1].tolist():
            places = np.flatnonzero(stops == stop)
            for start, end in ranges(places.size, list_size(self.n_bars)):
                chosen = places[start:end]
                columns = [np.ascontiguousarray(selected[name][chosen]) for name in PairList._fields[1:]]
                work = PairList(stop, *columns)
                id_ = list_id(self.options, self.n_train, self.names, self.digests[1], work)
                place = f"pairs {start} to {end - 1} of those up to bar {stop}{self._where}"
                rows = self._rows(np.unique(np.concatenate([work.y, work.x])))
                found.append(Chunk(id_, "trade", place, work, float(chosen.size * stop), self.window.start, rows))
        return found

    @property
    def _where(self) -> str:
        return f" of window {self.window.number}" if self.options.windows else ""

    def _rows(self, names: ArrayLike) -> Ints | None:
        """Return the rows of names; None where the plan has all rows of the matrix, so that numbers are rows."""
        return self.rows[np.asarray(names, dtype=np.int64)] if self.options.windows else None


def plans_of(source: Source, options: ScanOptions, about: Mapping[str, Any]) -> list[Plan]:
    """Make the plan of a run, one a window.

    Args:
        source: The universe.
        options: Of the scan.
        about: What run.json says besides, which the answer does not depend on: versions, host, time.
    """
    kept = [[verdict for verdict in each.verdicts if verdict.status == "kept"] for each in source.windows]
    block = block_size(options.memory, source.windows[0].window.n_train, max(map(len, kept)))
    core = {
        "format": FORMAT,
        "op": "scan",
        "options": msgspec.to_builtins(options),
        "members": source.members,
        "source": source_entry(source),
        "split_bar": source.windows[0].window.n_train,
        "maths": maths(),
        "block": block,
        "n_chunks": {"test": sum(len(tiles(len(each), block)) for each in kept)},
    }
    document = {**core, "plan": hashed(core), "uri": source.uri, **about}
    found = []
    for judged, names in zip(source.windows, kept, strict=True):
        rows = np.array([source.rows[each.name] for each in names], dtype=np.int64)
        stops = np.array([each.stop for each in names], dtype=np.int64)
        traded_to = source.stamps_ms[judged.window.start + stops - 1]
        found.append(_plan(document, options, judged, tuple(each.name for each in names), (rows, stops, traded_to)))
    return found


def source_entry(source: Source) -> dict[str, Any]:
    """Return what run.json says of the universe."""
    stamps, verdicts = source.stamps_ms, [each.verdicts for each in source.windows]
    digests = [each.digests[1] for each in source.windows]
    return {
        "first_bar": shown(stamps[0]),
        "last_bar": shown(stamps[-1]),
        "n_names": len(verdicts[0]),
        "n_kept": len(source.rows),
        "n_bars": int(stamps.size),
        "windows": [[*each.window, *_formed(each.window, stamps)] for each in source.windows],
        "sha256": hashed([stamps.tolist(), [[[*each] for each in window] for window in verdicts], digests]),
    }


def _formed(window: Window, stamps_ms: Ints) -> tuple[int, int]:
    return int(stamps_ms[window.start]), int(stamps_ms[window.start + window.n_train - 1])


def universe_file(source: Source) -> bytes:
    """Return universe.parquet: a row a window and name, with what became of it."""
    stamps = source.stamps_ms
    columns: dict[str, list[Any]] = {name: [] for name in tables.UNIVERSE.names}
    for window, verdicts, digests in source.windows:
        for each in verdicts:
            is_kept = each.status == "kept"
            row = each._asdict() | {
                "window": window.number,
                "first_bar": int(stamps[window.start + each.first]) if each.first >= 0 else None,
                "last_bar": int(stamps[window.start + each.last]) if each.last >= 0 else None,
                "row": source.rows[each.name] if is_kept else None,
                "traded_to": int(stamps[window.start + each.stop - 1]) if is_kept else None,
                "train_digest": digests[0].get(each.name),
                "digest": digests[1].get(each.name),
            }
            for name, column in columns.items():
                column.append(row[name])
    return tables.encoded(columns, tables.UNIVERSE, {})


def loaded(folder: Folder, document: Mapping[str, Any]) -> list[Plan]:
    """Return the plan that is in a folder, one a window.

    Args:
        folder: Of the run.
        document: Its run.json.
    """
    options = msgspec.convert(document["options"], ScanOptions)
    table = tables.columns_of([folder.path / "universe.parquet"], tables.UNIVERSE).to_pylist()
    found = []
    for *numbers, _, _ in document["source"]["windows"]:
        window = Window(*numbers)
        rows = [row for row in table if row["status"] == "kept" and row["window"] == window.number]
        digests = tuple({row["name"]: row[key] for row in rows} for key in ("train_digest", "digest"))
        ends = np.array([int(row["traded_to"].timestamp() * 1000) for row in rows], dtype=np.int64)
        at, stops = (np.array([row[name] for row in rows], dtype=np.int64) for name in ("row", "stop"))
        judged = Judged(window, [], (digests[0], digests[1]))
        found.append(_plan(document, options, judged, tuple(row["name"] for row in rows), (at, stops, ends)))
    return found


def _plan(
    document: Mapping[str, Any],
    options: ScanOptions,
    judged: Judged,
    names: tuple[str, ...],
    places: tuple[Ints, Ints, Ints],
) -> Plan:
    first_ms, last_ms = document["source"]["windows"][judged.window.number - 1][-2:]
    return Plan(
        options, judged.window, names, *places, (first_ms, last_ms), judged.digests, document["block"], document
    )
