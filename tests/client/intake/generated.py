"""Tables as files that people have: each is read, or refused in a sentence, and nothing of it is lost without a word.

Run as a program, `python -m tests.client.intake.generated 100000`, it tries as many tables as it is told, from seed 0
or the second argument.
"""

import bz2
import gzip
import io
import random
import sys
import tempfile
from pathlib import Path

import polars as pl

from meanrev.errors import InvalidInput
from meanrev.intake.files import read_file

_WORDS = ("AAPL", "n.m.", "USD", "hello, world", "x\ny", 'a "quote"', "é", "12abc", "$5.10", "5%", "1_000", "0x10", "٣")
_MARKERS = ("", ".", "NA", "#N/A", "null", "-", "NaN", "<NA>", "nd", "--")
_NAMES = (
    "A",
    "B",
    "close",
    "Close",
    "volume",
    "Brent [/]",
    "",
    "A",
    "open",
    "high",
    "low",
    "ticker",
    "<CLOSE>",
    "1",
    "é",
    "Ü",
)
_DATES = ("date", "Date", "", "time", "timestamp", "<DATE>", "observation_date", "Unnamed: 0", "index", "x", "year")
_SEPARATORS = (",", ",", ",", ";", "\t", "|")


def table(rng):
    """Return (header, rows of texts, separator): mostly as one expects it, with now and then something else."""
    n_rows, n_columns = rng.choice((0, 1, 2, 3, 8, 30, 30, 30)), rng.choice((0, 1, 1, 2, 2, 3, 5))
    columns = [_times(rng, n_rows)] if rng.random() < 0.85 else []
    columns += [_cells(rng, n_rows) for _ in range(n_columns)]
    names = [rng.choice((*["date"] * 8, *_DATES))] if len(columns) > n_columns else []
    names += [rng.choice(_NAMES) if rng.random() < 0.15 else f"S{i}" for i in range(n_columns)]
    order = list(range(len(columns)))
    if rng.random() < 0.1:
        rng.shuffle(order)
    rows = [[columns[i][row] for i in order] for row in range(n_rows)]
    header = [names[i] for i in order]
    return header, _disturbed(rng, rows, header), rng.choice(_SEPARATORS)


def _times(rng, n_rows):
    day = 86_400
    start = rng.choice((1_577_836_800, 946_684_800, -86_400, 0, 1_700_000_000))
    step = rng.choice((day, day, day, 60, 3_600, day * 31))
    seconds = [start + step * i for i in range(n_rows)]
    if rng.random() < 0.15:
        rng.shuffle(seconds)
    if rng.random() < 0.07:
        seconds = [seconds[i // 2] for i in range(n_rows)]
    form = rng.choice(
        (
            *(
                *["%Y-%m-%d"] * 8,
                "%Y-%m-%d %H:%M:%S",
                "%Y-%m-%dT%H:%M:%SZ",
                "%d/%m/%Y",
                "%m/%d/%Y",
                "%d.%m.%Y",
                "%Y%m%d",
            ),
            *("%b %d, %Y", "%d-%b-%y", "s", "ms", "us", "ns", "serial", "count", "%Y", "%Y-%m", "%y/%m/%d", "%H:%M"),
            "float",
        )
    )
    if form in {"s", "ms", "us", "ns"}:
        return [str(second * {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[form]) for second in seconds]
    if form == "float":
        return [f"{second}.25" for second in seconds]
    if form == "serial":
        return [f"{25_569 + second / 86_400:g}" for second in seconds]
    if form == "count":
        return [str(i) for i in range(n_rows)]
    stamps = pl.Series([second * 1_000 for second in seconds], dtype=pl.Int64).cast(pl.Datetime("ms"))
    return stamps.dt.strftime(form).to_list()


def _cells(rng, n_rows):
    kind = rng.choice((*["price"] * 14, "comma", "thousands", "integer", "text", "mixed", "empty", "ohlc", "tiny"))
    write = {
        "price": lambda: f"{rng.lognormvariate(3, 1):.4f}",
        "comma": lambda: f"{rng.lognormvariate(3, 1):.2f}".replace(".", ","),
        "thousands": lambda: f"{rng.lognormvariate(8, 1):,.2f}",
        "integer": lambda: str(rng.randrange(-5, 10 ** rng.randrange(1, 12))),
        "text": lambda: rng.choice(_WORDS),
        "mixed": lambda: rng.choice(_WORDS) if rng.random() < 0.1 else f"{rng.random():.3f}",
        "empty": lambda: "",
        "ohlc": lambda: f"{rng.gauss(0, 1):+.3e}",
        "tiny": lambda: rng.choice(("1e-300", "1e308", "1e400", "inf", "-0", "5.", ".5", " 7", "7 ")),
    }[kind]
    missing = rng.choice((0, 0, 0.2))
    return [rng.choice(_MARKERS) if rng.random() < missing else write() for _ in range(n_rows)]


def _disturbed(rng, rows, header):
    """Now and then add an empty row, a short one, a long one, or the header again."""
    what = rng.random()
    place = rng.randrange(len(rows) + 1)
    if what < 0.05:
        rows.insert(place, [""] * len(header))
    elif what < 0.08 and len(header) > 1:
        rows.insert(place, ["1"] * (len(header) - 1))
    elif what < 0.11:
        rows.insert(place, ["1"] * (len(header) + 1))
    elif what < 0.13:
        rows.insert(place, list(header))
    elif what < 0.15:
        rows.append(["Total", *["1"] * (len(header) - 1)])
    return rows


def written(rng, header, rows, separator):
    """Return a file's name and bytes."""
    what = rng.random()
    if what < 0.08 and len(set(header)) == len(header) and header:
        columns = {name: [row[i] if i < len(row) else None for row in rows] for i, name in enumerate(header)}
        held = io.BytesIO()
        frame = pl.DataFrame(columns, schema=dict.fromkeys(header, pl.String))
        if rng.random() < 0.5:
            frame = frame.with_columns(pl.all().cast(pl.Float64, strict=False))
        frame.write_parquet(held)
        return "f.parquet", held.getvalue()
    lines = [header, *rows] if rng.random() < 0.95 or not rows or rows[0] == header else rows
    quote = rng.random() < 0.1
    end = rng.choice(("\n", "\n", "\n", "\r\n", "\r"))
    text = end.join(separator.join(_field(cell, separator, quote=quote) for cell in line) for line in lines)
    text = (
        rng.choice((*[""] * 12, "# made by hand" + end, end, "Report of today" + end))
        + text
        + rng.choice(("", end, end * 3))
    )
    encoding = rng.choice(("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252"))
    data = text.encode(encoding, errors="replace")
    if rng.random() < 0.05:
        return "f.csv.gz", gzip.compress(data)
    if rng.random() < 0.05:
        return "f.CSV.BZ2", bz2.compress(data)
    return rng.choice(("f.csv", "f.txt", "F.CSV", "f.tsv")), data


def _field(cell, separator, *, quote):
    if quote or any(letter in cell for letter in (separator, '"', "\n", "\r")):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def options(rng):
    """Return options as a caller gives them, mostly none."""
    given = {}
    for name, values in (
        ("sort", (True,)),
        ("duplicates", ("first", "last")),
        ("no_header", (True, False)),
        ("decimal_comma", (True, False)),
        ("separator", (";", ",")),
        ("tz", ("Europe/Berlin", "UTC")),
        ("date_format", ("%d/%m/%Y", "%Y-%m-%d", "%z nonsense")),
        ("columns", (("S0",), ("S1", "S0"), ("nowhere",))),
        ("long", (("date", "ticker", "S0"), ("date", "S1", "S0"))),
        ("skip_lines", (1, 500)),
        ("missing", (("n.m.",),)),
    ):
        if rng.random() < 0.05:
            given[name] = rng.choice(values)
    return given


def tried(seed, folder):
    """Try one table; return "read" or "refused".

    Raises:
        Exception: anything but a refusal in one sentence, or a table that lost something without a word.
    """
    rng = random.Random(seed)
    header, rows, separator = table(rng)
    name, data = written(rng, header, rows, separator)
    path = Path(folder) / name
    path.write_bytes(data)
    given = options(rng)
    try:
        read = read_file(path, **given)
    except InvalidInput as error:
        told = str(error)
        assert told
        assert "Traceback" not in told, told
        assert "panicked" not in told, told
        assert "\n" not in told.replace("\\n", ""), told
        return "refused"
    finally:
        path.unlink()
    report = read.report
    assert read.values.shape == (report.n_rows, len(report.columns)), report
    assert read.values.size, report
    _nothing_is_lost(read, header, rows, given)
    return "read"


def _nothing_is_lost(read, header, rows, given):
    """Hold every column and row of what was written against the table and its report."""
    report = read.report
    if given.get("long") or given.get("separator") or given.get("skip_lines") or given.get("no_header") is False:
        return
    gone = sum(len(out.labels) for out in report.left_out if out.what == "column")
    times = 0 if not report.time_column else 1 + report.time_kind.endswith("time of day")
    assert len(report.columns) + gone + times >= len(header), (report, header)
    if header == [""]:  # a blank line, so that the header is the next one
        return
    if not header:  # lines without any field are blank
        rows = [row for row in rows if row]
    n_rows = report.n_rows + report.n_duplicates
    n_rows += sum(len(out.labels) for out in report.left_out if out.what in {"row", "line"})
    while len(header) == 1 and rows and not any(rows[-1]):  # an empty last line is no row of a text
        rows = rows[:-1]
    assert n_rows >= len(rows), (report, len(rows))
    if read.timestamps_ms is not None:
        assert (read.timestamps_ms[1:] > read.timestamps_ms[:-1]).all(), report


def main(count, first):
    """Try many tables and print how many were read and how many refused."""
    ends = {"read": 0, "refused": 0}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, first + count):
            try:
                ends[tried(seed, folder)] += 1
            except BaseException:
                print(f"table {seed}:", file=sys.stderr)  # noqa: T201 - a program of the tests
                raise
    print(ends)  # noqa: T201 - likewise


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
