"""The plan of a run: names, bars and tiles. It is in run.json and universe.parquet, and is read from them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
import numpy as np

from meanrev_batch import tables
from meanrev_batch.calendar import shown
from meanrev_batch.identity import FORMAT, hashed, list_id, maths, tile_id
from meanrev_batch.model import Chunk, Ints, PairList
from meanrev_batch.options import ScanOptions
from meanrev_batch.store import Folder
from meanrev_batch.tiling import block_size, list_size, ranges, tiles
from meanrev_batch.verdicts import Verdict

__all__ = ["Plan", "Source", "loaded", "plan_of", "source_entry", "universe_file"]


class Source(NamedTuple):
    """What is known of the universe, apart from its prices.

    Attributes:
        uri: Where it was read.
        verdicts: One a name, in its order.
        stamps_ms: Of the axis.
        n_train: Bars of the train part.
        digests: Of the train part, and of both, by name; those of the names that are kept.
    """

    uri: str
    verdicts: list[Verdict]
    stamps_ms: Ints
    n_train: int
    digests: tuple[dict[str, str], dict[str, str]]


class Plan(NamedTuple):
    """What is computed.

    Attributes:
        options: Of the scan.
        names: Of the matrix, in its order.
        stops: (N,) bars up to which each can be traded.
        traded_to_ms: (N,) the times of the last of these bars.
        formed_ms: Times of the first and the last bar of the train part.
        digests: Of the train part, and of both, by name.
        n_bars: Bars of both parts.
        n_train: Bars of the train part.
        block: Names of a block.
        document: What run.json says.
    """

    options: ScanOptions
    names: tuple[str, ...]
    stops: Ints
    traded_to_ms: Ints
    formed_ms: tuple[int, int]
    digests: tuple[dict[str, str], dict[str, str]]
    n_bars: int
    n_train: int
    block: int
    document: Mapping[str, Any]

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
                f"names {tile.y_start} to {tile.y_stop - 1} with {tile.x_start} to {tile.x_stop - 1}",
                tile,
                float(tile.n_pairs * self.n_train),
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
                place = f"pairs {start} to {end - 1} of those up to bar {stop}"
                found.append(Chunk(id_, "trade", place, work, float(chosen.size * stop)))
        return found


def plan_of(source: Source, options: ScanOptions, about: Mapping[str, Any]) -> Plan:
    """Make the plan of a run.

    Args:
        source: The universe.
        options: Of the scan.
        about: What run.json says besides, which the answer does not depend on: versions, host, time.
    """
    kept = [verdict for verdict in source.verdicts if verdict.status == "kept"]
    names = tuple(verdict.name for verdict in kept)
    stops = np.array([verdict.stop for verdict in kept], dtype=np.int64)
    stamps = source.stamps_ms
    block = block_size(options.memory, source.n_train, len(names))
    core = {
        "format": FORMAT,
        "op": "scan",
        "options": msgspec.to_builtins(options),
        "source": source_entry(source),
        "split_bar": source.n_train,
        "maths": maths(),
        "block": block,
        "n_chunks": {"test": len(tiles(len(names), block))},
    }
    document = {**core, "plan": hashed(core), "uri": source.uri, **about}
    return _with(document, options, names, (stops, stamps[stops - 1]), source.digests)


def source_entry(source: Source) -> dict[str, Any]:
    """Return what run.json says of the universe."""
    stamps = source.stamps_ms
    return {
        "first_bar": shown(stamps[0]),
        "last_bar": shown(stamps[-1]),
        "n_names": len(source.verdicts),
        "n_kept": sum(verdict.status == "kept" for verdict in source.verdicts),
        "n_bars": int(stamps.size),
        "formed_ms": [int(stamps[0]), int(stamps[source.n_train - 1])],
        "sha256": hashed([stamps.tolist(), [[*verdict] for verdict in source.verdicts], source.digests[1]]),
    }


def universe_file(source: Source) -> bytes:
    """Return universe.parquet: a row a name, with what became of it."""
    stamps, verdicts = source.stamps_ms, source.verdicts
    columns: dict[str, Any] = {name: [getattr(each, name) for each in verdicts] for name in Verdict._fields}
    for name, ends in (("first_bar", "first"), ("last_bar", "last")):
        columns[name] = [int(stamps[place]) if place >= 0 else None for place in columns.pop(ends)]
    kept = [verdict.status == "kept" for verdict in verdicts]
    ends_ms = stamps[[verdict.stop - 1 for verdict in verdicts]].tolist()
    columns["traded_to"] = [end if is_kept else None for end, is_kept in zip(ends_ms, kept, strict=True)]
    for name, digests in zip(("train_digest", "digest"), source.digests, strict=True):
        columns[name] = [digests.get(each.name) for each in verdicts]
    return tables.encoded(columns, tables.UNIVERSE, {})


def loaded(folder: Folder, document: Mapping[str, Any]) -> Plan:
    """Return the plan that is in a folder.

    Args:
        folder: Of the run.
        document: Its run.json.
    """
    table = tables.columns_of([folder.path / "universe.parquet"], tables.UNIVERSE)
    rows = [row for row in table.to_pylist() if row["status"] == "kept"]
    names = tuple(row["name"] for row in rows)
    digests = tuple({row["name"]: row[key] for row in rows} for key in ("train_digest", "digest"))
    ends = np.array([int(row["traded_to"].timestamp() * 1000) for row in rows], dtype=np.int64)
    stops = np.array([row["stop"] for row in rows], dtype=np.int64)
    options = msgspec.convert(document["options"], ScanOptions)
    return _with(document, options, names, (stops, ends), (digests[0], digests[1]))


def _with(
    document: Mapping[str, Any],
    options: ScanOptions,
    names: tuple[str, ...],
    ends: tuple[Ints, Ints],
    digests: tuple[dict[str, str], dict[str, str]],
) -> Plan:
    first_ms, last_ms = document["source"]["formed_ms"]
    n_bars, n_train, block = document["source"]["n_bars"], document["split_bar"], document["block"]
    return Plan(options, names, *ends, (first_ms, last_ms), digests, n_bars, n_train, block, document)
