"""Random files of prices, each with the truth beside it."""

import gzip
from dataclasses import dataclass, field

import numpy as np

__all__ = ["FAULTS", "Made", "made"]

MARKERS = ("", ".", "NA", "N/A", "#N/A", "ND", "<NA>", "-", "--", "null", "NULL", "nan", "NaN", "NaT")
NAMES = (
    "A", "KO", "BRK.B", "close", "Adj", "^GSPC", "EURUSD=X", "Schlußkurs", "цена", "株価", "[red]x[/red]",
    "<script>", "=cmd()", "a,b", "a;b", 'quoted "name"', "100%", "x|y", "∑", "[/]", "V", "O'Neil",
)  # fmt: skip
TIMES = ("Date", "date", "DATE", "timestamp", "Timestamp", "time", "datetime")
KINDS = ("date", "datetime T", "datetime space", "zone", "s", "ms", "us", "ns", "yyyymmdd", "serial", "none", "index")
FAULTS = (
    "descending", "shuffled", "duplicates", "bad cell", "two names", "no header", "too many cells", "too few cells",
    "infinite", "underscore", "missing time", "bad time", "second header", "latin-1", "utf-16", "unsaid separator",
    "unsaid decimal comma", "cut bytes",
)  # fmt: skip
"""What may be wrong: such a file is refused, or read rightly where an option or an encoding can be found out."""
_BAD = ("oops", "$5", "5%", "1.2.3", "0x1F", "5 USD", "1e", "\uff15", "True", "12:30", "--5", "1,2,3")


@dataclass
class Made:
    """A file and its truth.

    Attributes:
        data: Its bytes.
        suffix: Of its name.
        words: Options of the command line to read it with.
        fault: One of FAULTS, or "".
        names: N, of the columns of prices.
        values: (T, N) in the order of time, NaN where a price is missing; rows without any price are there.
        times: (T,) milliseconds, or None.
        lines: (T,) the file's line of each row.
        text_columns: Names of the columns that hold text.
        index: Name of a column of row numbers, or None.
        header: The file has one.
        notes: What was drawn, for whoever reads a failure.
    """

    data: bytes
    suffix: str
    words: tuple[str, ...]
    fault: str
    names: list[str]
    values: np.ndarray
    times: np.ndarray | None
    lines: np.ndarray
    text_columns: list[str]
    index: str | None
    header: bool
    notes: dict = field(default_factory=dict)


def made(rng):
    """Return a random file."""
    drawn = _drawn(rng)
    names, values, days, texts = _contents(rng, drawn)
    cells = _cells(rng, drawn, values, days, texts)
    header = [*names, *(f"text {i}" for i in range(drawn["texts"]))]
    stamp = drawn["time name"] if days is not None else ("index" if drawn["kind"] == "index" else None)
    if stamp is not None:
        header.insert(drawn["place"], stamp)
    rows, kept, order = _spoilt_rows(rng, drawn, header, cells)
    text, lines = _lines(rng, drawn, header, rows)
    words = _words(drawn)
    place = np.argsort(order, kind="stable") if "--sort" in words else np.arange(len(order))
    keep = _kept(drawn, order[place]) if "--duplicates" in words else np.ones(len(order), dtype=bool)
    rows_of = np.asarray(kept)[place][keep]
    return Made(
        data=_bytes(drawn, text),
        suffix=".csv.gz" if drawn["gz"] else ".csv",
        words=words,
        fault=drawn["fault"],
        names=names,
        values=values[rows_of],
        times=None if days is None else days[rows_of],
        lines=np.asarray(lines)[place][keep],
        text_columns=header[-drawn["texts"] :] if drawn["texts"] else [],
        index="index" if drawn["kind"] == "index" else None,
        header=drawn["fault"] != "no header",
        notes=drawn,
    )


def _drawn(rng):
    """Return what a file is like, before anything is in it."""
    fault = str(rng.choice(FAULTS)) if rng.random() < 0.45 else ""
    kind = str(rng.choice(KINDS, p=[0.3, 0.08, 0.08, 0.04, 0.06, 0.06, 0.04, 0.04, 0.08, 0.06, 0.08, 0.08]))
    if fault in {"descending", "shuffled", "duplicates", "missing time", "bad time"} and kind in {"none", "index"}:
        kind = "date"
    if fault == "no header" and kind in {"serial", "index"}:
        kind = "date"
    comma = (rng.random() < 0.15 and fault != "unsaid separator") or fault == "unsaid decimal comma"
    separator = ";" if comma else str(rng.choice([",", ",", ",", ";", "\t", "|"]))
    if fault == "unsaid separator":
        separator = str(rng.choice([";", "\t", "|"]))
    n, n_texts = int(rng.integers(1, 7)), int(rng.random() < 0.2)
    return {
        "fault": fault,
        "kind": kind,
        "time name": "Date" if kind == "serial" else str(rng.choice(TIMES)),
        "comma": comma,
        "separator": separator,
        "rows": int(rng.integers(5, 40)) if rng.random() < 0.97 else int(rng.integers(200, 2_000)),
        "columns": n,
        "texts": n_texts,
        "place": 0 if kind == "index" or fault == "no header" or rng.random() < 0.8 else int(rng.integers(0, n + 1)),
        "marker": str(rng.choice(MARKERS)),
        "holes": 0.0 if fault else float(rng.choice([0.0, 0.0, 0.05, 0.4])),
        "quoting": str(rng.choice(["needed", "needed", "all", "texts"])),
        "thousands": separator == "," and not comma and rng.random() < 0.1,
        "digits": int(rng.choice([2, 4, 8, 17])),
        "end": str(rng.choice(["\n", "\n", "\r\n"])),
        "last newline": rng.random() < 0.8,
        "bom": rng.random() < 0.1,
        "gz": rng.random() < 0.08,
        "settled": rng.random() < 0.5,
        "empty rows": int(rng.integers(1, 6)) if rng.random() < 0.1 else 0,
        "empty columns": int(rng.integers(1, 3)) if not fault and rng.random() < 0.12 else 0,
        "keep": str(rng.choice(["first", "last"])),
    }


def _contents(rng, drawn):
    n_rows, n = drawn["rows"], drawn["columns"]
    level = 10.0 ** rng.integers(-3, 6, n)
    values = level * np.exp(rng.normal(0, 0.1, (n_rows, n)) + rng.normal(0, 0.1, n))
    if rng.random() < 0.1:
        values -= level
    whole = rng.random(n) < 0.1
    values[:, whole] = rng.integers(1, 9_999, (n_rows, int(whole.sum())))
    names = [str(name) for name in rng.permutation(NAMES)[:n]]
    drawn["whole"] = whole.tolist()
    if drawn["thousands"] or drawn["digits"] < 17:
        digits = 2 if drawn["thousands"] else drawn["digits"]
        values = np.array([[float(f"{value:.{digits}f}") for value in row] for row in values]).reshape(n_rows, n)
    holes = rng.random((n_rows, n)) < drawn["holes"]
    holes[:2, 0] = False
    values[holes] = np.nan
    days = None
    if drawn["kind"] not in {"none", "index"}:
        within = 1 if drawn["kind"] in {"date", "yyyymmdd", "serial"} else 1_440
        steps = rng.integers(1, 4 * within, n_rows) if rng.random() < 0.7 else np.full(n_rows, within)
        start = int(rng.integers(8_000, 18_000)) * within
        days = (start + np.cumsum(steps)) * (86_400_000 // within)
    texts = [["KO", "daily", "x y"][int(rng.integers(3))] for _ in range(n_rows)]
    return names, values, days, texts


def _cells(rng, drawn, values, days, texts):
    def number(value, place):
        if np.isnan(value):
            return drawn["marker"]
        if drawn["whole"][place]:
            return str(int(value))
        if drawn["thousands"]:
            return f"{value:,.2f}"
        text = repr(float(value)) if drawn["digits"] == 17 else f"{value:.{drawn['digits']}f}"
        return text.replace(".", ",") if drawn["comma"] else text

    rows = []
    for i, row in enumerate(values):
        cells = [number(value, place) for place, value in enumerate(row)] + [texts[i]] * drawn["texts"]
        if drawn["kind"] == "index":
            cells.insert(drawn["place"], str(i))
        elif days is not None:
            cells.insert(drawn["place"], _stamp(drawn["kind"], int(days[i])))
        rows.append(cells)
    return rows


def _stamp(kind, ms):
    moment = np.datetime64(ms, "ms")
    day = str(moment.astype("datetime64[D]"))
    scale = {"ms": 1, "us": 1_000, "ns": 1_000_000}
    if kind in scale:
        return str(ms * scale[kind])
    return {
        "date": day,
        "datetime T": str(moment.astype("datetime64[s]")),
        "datetime space": str(moment.astype("datetime64[s]")).replace("T", " "),
        "zone": f"{moment.astype('datetime64[s]')}+00:00",
        "s": str(ms // 1_000),
        "yyyymmdd": day.replace("-", ""),
        "serial": str(25_569 + ms // 86_400_000),
    }[kind]


def _spoilt_rows(rng, drawn, header, cells):
    """Return the rows as the file has them, which row of the truth each is, and their order of time."""
    kept = list(range(len(cells)))
    fault, stamped = drawn["fault"], drawn["kind"] != "none"
    prices = [i for i in range(len(header) - drawn["texts"]) if not (stamped and i == drawn["place"])]
    row, place = int(rng.integers(1, len(cells))), int(rng.choice(prices))
    if fault == "descending":
        kept.reverse()
    elif fault == "shuffled":
        kept[row], kept[row - 1] = kept[row - 1], kept[row]
    elif fault == "duplicates":
        kept.insert(row, kept[row])
    rows = [list(cells[i]) for i in kept]
    spoilt = {
        "bad cell": {place: str(rng.choice(_BAD))},
        "infinite": {place: str(rng.choice(["inf", "-inf", "1e999", "Infinity"]))},
        "underscore": {place: "1_000"},
        "missing time": {drawn["place"]: ""},
        "bad time": {drawn["place"]: "2020-02-30"},
        "second header": dict(enumerate(header)),
        "too many cells": {len(header): "7"},
    }.get(fault, {})
    changed = {**dict(enumerate(rows[row])), **spoilt}
    rows[row] = [changed[i] for i in sorted(changed)]
    if fault == "too few cells":
        del rows[row][-1]
    if fault == "two names" and len(prices) > 1:
        header[prices[0]] = header[prices[1]]
    return rows, kept, np.asarray(kept)


def _kept(drawn, order):
    """Return which of the sorted rows remain where rows of one time go as asked."""
    keep = np.ones(len(order), dtype=bool)
    twice = np.flatnonzero(order[1:] == order[:-1])
    keep[twice + 1 if drawn["keep"] == "first" else twice] = False
    return keep


def _words(drawn):
    words = []
    if drawn["separator"] != "," and drawn["fault"] != "unsaid separator":
        words += ["--separator", drawn["separator"]]
    if drawn["comma"] and drawn["fault"] != "unsaid decimal comma":
        words.append("--decimal-comma")
    if drawn["settled"]:
        if drawn["fault"] in {"descending", "shuffled"}:
            words.append("--sort")
        elif drawn["fault"] == "duplicates":
            words += ["--duplicates", drawn["keep"]]
        elif drawn["fault"] == "no header":
            words.append("--no-header")
    return tuple(words)


def _lines(rng, drawn, header, rows):
    """Return the file's text, and the line of each row."""
    separator = drawn["separator"]

    def quoted(cell, *, text):
        needs = any(sign in cell for sign in (separator, '"', "\n"))
        if needs or drawn["quoting"] == "all" or (drawn["quoting"] == "texts" and text):
            return '"' + cell.replace('"', '""') + '"'
        return cell

    def line(cells, *, text):
        return separator.join([quoted(cell, text=text) for cell in cells] + [""] * drawn["empty columns"])

    head = [] if drawn["fault"] == "no header" else [line(header, text=True)]
    body = [line(row, text=False) for row in rows]
    if len(header) == 1 and drawn["marker"] == "":
        body = [cell or '""' for cell in body]
    width = len(header) + drawn["empty columns"] - 1
    body += [separator * width] * (drawn["empty rows"] if width else 0)
    text = drawn["end"].join(head + body) + (drawn["end"] if drawn["last newline"] else "")
    return text, len(head) + 1 + np.arange(len(rows))


def _bytes(drawn, text):
    codes = {"latin-1": "cp1252", "utf-16": "utf-16"}
    code = codes.get(drawn["fault"], "utf-8-sig" if drawn["bom"] else "utf-8")
    data = text.encode(code, errors="replace")
    if drawn["fault"] == "cut bytes":
        data = data[: len(data) // 2] + b"\xff\xfe\x00" + data[len(data) // 2 :]
    return gzip.compress(data, 1, mtime=0) if drawn["gz"] else data
