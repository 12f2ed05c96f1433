"""Files as their sources write them, made here from series that are known, with the way that settles each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.front_door.series import DAYS, A, B, C
from tests.front_door.sheets import serial, write_sheet

__all__ = ["SAMPLES", "Sample"]

MS = DAYS.astype("datetime64[ms]").astype(np.int64)
VOLUME = np.random.default_rng(9).integers(1_000, 9_000, 120)


@dataclass(frozen=True)
class Sample:
    """A file and what is in it.

    Attributes:
        write: From a folder to what is read: a path, or a pattern of paths.
        truth: Series that must be found, by name.
        others: Names or meanings of further series that may be there; None where anything else may be.
        ways: Words of a refusal that point to a remedy, and the words of the command line that follow it; a word
            that begins with a slash is added to the path instead.
        asked: Words that the file is read with from the start.
        times: (T,) milliseconds since the epoch.
        essential: Words of which a refusal must hold one.
    """

    write: Callable[[Any], Any]
    truth: Mapping[str, Any]
    others: tuple[str, ...] | None = ()
    ways: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    times: Any = field(default_factory=lambda: MS)
    essential: tuple[str, ...] = ()


def _text(name, header, rows, end="\n", encoding="utf-8"):
    def write(folder):
        path = folder / name
        path.write_bytes((end.join([*header, *rows]) + end).encode(encoding))
        return path

    return write


def klines():
    """An exchange's candles: no header, open time in milliseconds, twelve columns, the last one always 0."""
    rows = [
        f"{t},{c - 0.1:.8f},{c + 0.3:.8f},{c - 0.4:.8f},{c:.8f},{v}.00000000,{t + 86_399_999},{c * v:.8f},{v // 7},"
        f"{v / 2:.8f},{c * v / 2:.8f},0"
        for t, c, v in zip(MS.tolist(), A.tolist(), VOLUME.tolist(), strict=True)
    ]
    ways = {
        "--no-header": ("--no-header",),
        "--date-column": ("--date-column", "column_1"),
        "--column column_5": ("--columns", "column_5"),
    }
    return Sample(_text("BTCUSDT-1d.csv", [], rows), {"close": A}, None, ways, essential=("header",))


def fred():
    """The central bank's download: a full stop on holidays, columns in capitals."""
    holidays = set(range(9, 120, 17))
    truth = A.copy()
    truth[list(holidays)] = np.nan
    rows = [
        f"{day},{'.' if i in holidays else f'{a:.4f}'},{b:.4f}"
        for i, (day, a, b) in enumerate(zip(DAYS, A, B, strict=True))
    ]
    return Sample(_text("DGS10.csv", ["observation_date,DGS10,DGS2"], rows, end="\r\n"), {"DGS10": truth, "DGS2": B})


def yahoo():
    """A downloader's table of two fields and two tickers, with three lines of header."""
    head = ["Price,Close,Close,Volume,Volume", "Ticker,KO,PEP,KO,PEP", "Date,,,,"]
    rows = [f"{day},{a:.4f},{b:.4f},{v},{v + 5}" for day, a, b, v in zip(DAYS, A, B, VOLUME, strict=True)]
    ways = {"--header-rows": ("--header-rows", "3"), "--column ": ("--columns", "Close")}
    return Sample(
        _text("yahoo.csv", head, rows),
        {"Close KO": A, "Close PEP": B},
        None,
        ways,
        essential=("header", "line 2", "row 2"),
    )


def stooq():
    """Stooq's daily file: names in angle brackets, day as yyyymmdd, a time that is always 000000."""
    head = ["<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>"]
    rows = [
        f"AAPL.US,D,{str(day).replace('-', '')},000000,{c - 0.1:.4f},{c + 0.3:.4f},{c - 0.4:.4f},{c:.4f},{v},0"
        for day, c, v in zip(DAYS, A, VOLUME, strict=True)
    ]
    return Sample(_text("aapl.us.txt", head, rows, end="\r\n"), {"<CLOSE>": A}, (), asked=("--columns", "<CLOSE>"))


def spreadsheet_text():
    """A sheet saved as CSV before its days had a format, with empty rows and columns at its edges."""
    rows = [f"{serial(day)},{a:.4f},{b:.4f},,," for day, a, b in zip(DAYS, A, B, strict=True)] + [",,,,,"] * 30
    return Sample(_text("sheet.csv", ["Date,A,B,,,"], rows, end="\r\n", encoding="utf-8-sig"), {"A": A, "B": B})


def spreadsheet():
    """The sheet itself, with a column of names and formatted days."""
    head = ["Date", "A", "B", "Comment"]
    rows = [[serial(day), float(a), float(b), None] for day, a, b in zip(DAYS, A, B, strict=True)]
    rows[4][3] = "checked"
    return Sample(lambda folder: write_sheet(folder / "sheet.xlsx", [head, *rows], dated={0}), {"A": A, "B": B})


def broker():
    """A broker's export: semicolons, decimal commas, points between thousands, names that are not ASCII."""

    def number(value):
        return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))

    big, small = np.round(A * 250, 2), np.round(B, 2)
    rows = [f"{day};{number(a)};{number(b)};EUR" for day, a, b in zip(DAYS, big, small, strict=True)]
    settled = ("--separator", ";", "--decimal-comma")
    ways = {"--decimal-comma": settled, "--separator": settled}
    truth = {"Schlußkurs": big, "Geld": small}
    return Sample(
        _text("umsatz.csv", ["Datum;Schlußkurs;Geld;Währung"], rows, end="\r\n", encoding="utf-8-sig"), truth, (), ways
    )


def pandas_parquet():
    """pandas' own Parquet, whose days are the index."""

    def write(folder):
        import pandas as pd

        path = folder / "frame.parquet"
        pd.DataFrame({"A": A, "B": B}, index=pd.DatetimeIndex(DAYS, name="Date")).to_parquet(path)
        return path

    return Sample(write, {"A": A, "B": B})


def polars_parquet():
    """polars' Parquet: a Date column, and a categorical one beside it."""

    def write(folder):
        import polars as pl

        path = folder / "frame.PARQUET"
        rows = {"Date": DAYS, "exchange": ["NYSE"] * 120, "A": A, "B": B}
        pl.DataFrame(rows).with_columns(pl.col("exchange").cast(pl.Categorical)).write_parquet(path)
        return path

    return Sample(write, {"A": A, "B": B})


def spark():
    """A cluster's folder: parts in order, a mark of success, and checksums in hidden files."""

    def write(folder):
        import pyarrow as pa
        from pyarrow import parquet

        out = folder / "prices.parquet"
        out.mkdir()
        for part in range(3):
            rows = slice(40 * part, 40 * part + 40)
            name = f"part-{part:05d}-3f2a7c1e.c000.snappy.parquet"
            parquet.write_table(pa.table({"Date": DAYS[rows], "A": A[rows], "B": B[rows]}), out / name)
            (out / f".{name}.crc").write_bytes(b"crc\0")
        (out / "_SUCCESS").write_bytes(b"")
        return out

    ways = {"*.parquet": ("/*.parquet",), "part": ("/*.parquet",)}
    return Sample(write, {"A": A, "B": B}, (), ways)


def long_table():
    """One row a day and ticker, as databases return it, the tickers in turn."""
    rows = [
        f"{day},{name},{value:.4f},{int(v)}"
        for day, values, v in zip(DAYS, np.column_stack([A, B, C]), VOLUME, strict=True)
        for name, value in zip(("AAA", "BBB", "CCC"), values, strict=True)
    ]
    ways = {"--long": ("--long", "date,ticker,close")}
    return Sample(_text("long.csv", ["date,ticker,close,volume"], rows), {"AAA": A, "BBB": B, "CCC": C}, (), ways)


def newest_first():
    """A web service's table, today first."""
    rows = [f"{day},{a:.4f},{b:.4f}" for day, a, b in zip(DAYS, A, B, strict=True)]
    return Sample(_text("daily.csv", ["timestamp,A,B"], rows[::-1]), {"A": A, "B": B}, (), {"--sort": ("--sort",)})


SAMPLES = {
    "klines": klines(),
    "fred": fred(),
    "yahoo": yahoo(),
    "stooq": stooq(),
    "spreadsheet as text": spreadsheet_text(),
    "spreadsheet": spreadsheet(),
    "broker": broker(),
    "pandas parquet": pandas_parquet(),
    "polars parquet": polars_parquet(),
    "spark": spark(),
    "long": long_table(),
    "newest first": newest_first(),
}
