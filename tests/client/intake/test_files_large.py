"""Large files: those that are read in batches of rows give the same table, the same report and the same refusals."""

import numpy as np
import polars as pl
import pytest

from meanrev.errors import InvalidInput
from meanrev.intake import file_columns, matrix, parquet_files, text_times
from meanrev.intake.files import read_file
from tests.client.intake.writing import DAYS, price


@pytest.fixture
def large(monkeypatch):
    """Take every file for a large one, and look at two rows first."""

    def switch():
        monkeypatch.setattr(parquet_files, "_LARGE", 0)
        monkeypatch.setattr(parquet_files, "_FEW_ROWS", 2)
        monkeypatch.setattr(matrix, "_SMALL", 1)
        monkeypatch.setattr(matrix, "_AT_ONCE", 0)
        monkeypatch.setattr(text_times, "_PIECE", 7)

    return switch


def columns():
    """Return columns of every kind: prices with holes at the front, whole numbers, texts, flags, nothing at all."""
    days = pl.Series(DAYS).str.to_date()
    n = len(DAYS)
    holes = [None if i < n // 2 or i == n - 2 else price(i) for i in range(n)]
    return {
        "date": days,
        "A": [price(i) for i in range(n)],
        "late": pl.Series(holes, dtype=pl.Float64),
        "nan": [float("nan") if i % 3 else price(i) for i in range(n)],
        "whole": [100 + i * i % 7 for i in range(n)],
        "words": ["up", "down"] * (n // 2),
        "flags": [True, False] * (n // 2),
        "nothing": pl.Series([None] * n, dtype=pl.Float64),
        "nothing typed": pl.Series([None] * n, dtype=pl.Date),
        "settled": days,
    }


def both(path, large, **options):
    """Read a file as a small one and as a large one."""
    small = read_file(path, **options)
    large()
    return small, read_file(path, **options)


@pytest.mark.parametrize("options", [{}, {"columns": ("whole", "A")}, {"columns": ("late", "nothing")}])
def test_a_large_parquet_file_is_read_like_a_small_one(tmp_path, large, options):
    path = tmp_path / "p.parquet"
    pl.DataFrame(columns()).write_parquet(path, row_group_size=7)
    small, big = both(path, large, **options)
    assert big.report == small.report
    assert big.names == small.names
    np.testing.assert_array_equal(big.values, small.values)
    np.testing.assert_array_equal(big.timestamps_ms, small.timestamps_ms)
    assert big.values.flags.f_contiguous


def test_rows_without_values_and_out_of_order_are_left_out_and_sorted(tmp_path, large):
    path = tmp_path / "p.parquet"
    frame = pl.DataFrame({name: columns()[name] for name in ("date", "late")})
    frame.reverse().write_parquet(path)
    small, big = both(path, large, sort=True)
    assert big.report == small.report
    np.testing.assert_array_equal(big.values, small.values)
    assert big.values.flags.f_contiguous
    assert np.isfinite(big.values).all()
    assert [out.reason for out in big.report.left_out] == ["without any value"]


def test_a_column_that_two_names_ask_for_is_there_twice(tmp_path, large):
    path = tmp_path / "p.csv"
    rows = [f"{day},{price(i)},{price(i + 1)},7" for i, day in enumerate(DAYS)]
    path.write_text(
        "\n".join(["Price,Close,Close,Volume", "Ticker,AAPL,MSFT,AAPL", "Date,,,", *rows]), encoding="utf-8"
    )
    small, big = both(path, large, columns=("Close", "Close/AAPL"))
    assert big.names == small.names == ("AAPL", "MSFT", "Close/AAPL")
    np.testing.assert_array_equal(big.values, small.values)


@pytest.mark.parametrize("cell", [float("inf"), float("-inf")])
def test_an_infinity_beyond_the_first_rows_is_refused_by_its_place(tmp_path, large, cell):
    path = tmp_path / "p.parquet"
    data = columns()
    data["A"][7] = cell
    pl.DataFrame({name: data[name] for name in ("date", "whole", "A")}).write_parquet(path)
    large()
    with pytest.raises(InvalidInput, match=r"row 8, column 'A'"):
        read_file(path)


@pytest.mark.parametrize("text", ["", "C", "A"])
def test_of_several_columns_that_are_refused_the_first_one_is_named(tmp_path, large, text):
    """Columns of numbers are read first in large files; right is the refusal that small files get."""
    path = tmp_path / "p.parquet"
    data = {name: [price(i) for i in range(len(DAYS))] for name in "ABC"}
    data["A"][20] = data["B"][7] = float("inf")
    if text:
        data[text] = [str(cell) if i != 9 else "high" for i, cell in enumerate(data[text])]
    pl.DataFrame(data).write_parquet(path, row_group_size=7)
    with pytest.raises(InvalidInput) as small:
        read_file(path)
    large()
    with pytest.raises(InvalidInput) as big:
        read_file(path)
    assert str(big.value) == str(small.value)


@pytest.mark.parametrize("options", [{}, {"columns": ("^A.*$", "*")}])
def test_names_that_are_patterns_name_one_column(tmp_path, large, options):
    """polars takes "*" and "^A.*$" for patterns; right are the columns of these names."""
    path = tmp_path / "p.parquet"
    names = ["AB", "^A.*$", "*"]
    data = {name: [price(i + k) for i in range(len(DAYS))] for k, name in enumerate(names)}
    data["^A.*$"][9] = float("nan")
    pl.DataFrame(data).write_parquet(path)
    small, big = both(path, large, **options)
    assert small.names == big.names == options.get("columns", tuple(names))
    for table in (small, big):
        for name, column in zip(table.names, table.values.T, strict=True):
            np.testing.assert_array_equal(column, data[name])


def test_a_file_that_breaks_after_its_first_rows_is_refused(tmp_path, large):
    path = tmp_path / "p.parquet"
    n = 4_000
    rng = np.random.default_rng(3)
    pl.DataFrame({name: rng.normal(100, 1, n) for name in "AB"}).write_parquet(path, row_group_size=n // 4)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 4_000] = b"\xff" * 4_000
    path.write_bytes(data)
    large()
    with pytest.raises(InvalidInput, match=r"p\.parquet: cannot be read as Parquet"):
        read_file(path)


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, large, monkeypatch):
    path = tmp_path / "p.parquet"
    frame = pl.DataFrame({name: columns()[name] for name in ("date", "A", "whole")})
    frame.write_parquet(path)
    large()
    batches = file_columns.Columns.batches

    def changed(self, numbers):
        frame.head(5).write_parquet(path)
        return batches(self, numbers)

    monkeypatch.setattr(file_columns.Columns, "batches", changed)
    with pytest.raises(InvalidInput, match="was changed while it was read"):
        read_file(path)


def test_long_columns_of_times_are_read_in_pieces(tmp_path, large):
    path = tmp_path / "p.csv"
    rows = [f"{day} 09:3{i % 10}:00,{price(i)}" for i, day in enumerate(DAYS)]
    path.write_text("\n".join(["when,A", *rows]), encoding="utf-8")
    small, big = both(path, large)
    assert big.report == small.report
    np.testing.assert_array_equal(big.timestamps_ms, small.timestamps_ms)
