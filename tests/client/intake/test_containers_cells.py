"""What a container's cells hold: read as numbers, or named by column, row and content."""

import collections
import datetime as dt
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import meanrev as mr
from meanrev.intake.containers import table
from meanrev.intake.labels import vector

RIGHT = np.array([1.5, np.nan, 2.25, 3.0])
BIG = 2**53 + 1

READ = {
    "object": pd.DataFrame({"KO": [1.5, pd.NA, np.float32(2.25), 3]}, dtype=object),
    "none": pd.DataFrame({"KO": pd.Series([1.5, None, 2.25, 3], dtype=object)}),
    "nat": pd.DataFrame({"KO": pd.Series([1.5, pd.NaT, 2.25, 3], dtype=object)}),
    "decimal": pd.DataFrame({"KO": [Decimal("1.5"), None, Decimal("2.25"), Decimal(3)]}),
    "fraction": pd.DataFrame({"KO": pd.Series([Fraction(3, 2), None, 2.25, np.int8(3)], dtype=object)}),
    "Float64": pd.DataFrame({"KO": pd.array([1.5, None, 2.25, 3], dtype="Float64")}),
    "Float32": pd.DataFrame({"KO": pd.array([1.5, None, 2.25, 3], dtype="Float32")}),
    "float16": pd.DataFrame({"KO": RIGHT}, dtype=np.float16),
    "arrow": pd.DataFrame({"KO": pd.array([1.5, None, 2.25, 3], dtype=pd.ArrowDtype(pa.float64()))}),
    "arrow decimal": pd.DataFrame(
        {"KO": pd.array([Decimal("1.5"), None, Decimal("2.25"), Decimal(3)], dtype=pd.ArrowDtype(pa.decimal128(9, 2)))}
    ),
    "categorical": pd.DataFrame({"KO": pd.Categorical([1.5, None, 2.25, 3])}),
    "sparse": pd.DataFrame({"KO": pd.arrays.SparseArray(RIGHT)}),
    "polars": pl.DataFrame({"KO": [1.5, None, 2.25, 3]}),
    "polars float32": pl.DataFrame({"KO": pl.Series([1.5, None, 2.25, 3], dtype=pl.Float32)}),
    "polars decimal": pl.DataFrame({"KO": [Decimal("1.5"), None, Decimal("2.25"), Decimal(3)]}),
    "polars object": pl.DataFrame({"KO": pl.Series([1.5, None, Decimal("2.25"), 3], dtype=pl.Object)}),
    "pyarrow": pa.table({"KO": [1.5, None, 2.25, 3]}),
    "pyarrow batch": pa.record_batch({"KO": [1.5, None, 2.25, 3]}),
    "pyarrow chunks": pa.table({"KO": pa.chunked_array([[1.5, None], [2.25, 3.0]])}),
    "pyarrow dictionary": pa.table({"KO": pa.array([1.5, None, 2.25, 3]).dictionary_encode()}),
    "pyarrow decimal": pa.table({"KO": [Decimal("1.5"), None, Decimal("2.25"), Decimal(3)]}),
    "pyarrow decimal256": pa.table(
        {"KO": pa.array([Decimal("1.5"), None, Decimal("2.25"), Decimal(3)], type=pa.decimal256(40, 2))}
    ),
    "mapping": {"KO": [1.5, None, 2.25, 3]},
    "mapping of arrays": {"KO": RIGHT},
    "mapping of series": {"KO": pd.Series(RIGHT)},
    "mapping of polars": {"KO": pl.Series([1.5, None, 2.25, 3])},
    "structured": np.array([(x,) for x in RIGHT], dtype=[("KO", "f8")]),
}


@pytest.mark.parametrize("kind", READ)
def test_numbers_of_any_type_are_read(kind):
    read = table("prices", READ[kind])
    assert read.names == ("KO",)
    np.testing.assert_array_equal(read.column().values, RIGHT)
    assert read.report.missing == {"KO": 1}


SERIES = {
    "list": [1.5, None, 2.25, 3],
    "tuple": (1.5, None, Decimal("2.25"), Fraction(3)),
    "deque": collections.deque([1.5, None, 2.25, 3]),
    "array of objects": np.array([1.5, pd.NA, Decimal("2.25"), 3], dtype=object),
    "masked": np.ma.masked_array([1.5, 7, 2.25, 3], mask=[0, 1, 0, 0]),
    "masked objects": np.ma.masked_array(np.array([1.5, "x", 2.25, 3], dtype=object), mask=[0, 1, 0, 0]),
    "pandas": pd.Series([1.5, pd.NA, 2.25, 3], dtype=object),
    "polars": pl.Series([1.5, None, 2.25, 3]),
    "pyarrow": pa.array([1.5, None, 2.25, 3]),
    "pyarrow chunks": pa.chunked_array([[1.5, None], [2.25, 3.0]]),
}


@pytest.mark.parametrize("kind", SERIES)
def test_series_of_any_type_are_read(kind):
    np.testing.assert_array_equal(table("prices", SERIES[kind]).values, RIGHT)


DAY = pd.Timestamp("2024-03-16")
NAMED = {
    "text": (pd.DataFrame({"KO": [1.0, "n/a"]}), r"prices\['KO'\] must be numbers, got 'n/a' in row 1, which is text"),
    "label": (pd.DataFrame({"KO": ["a"]}, index=[DAY]), r"got 'a' in row 0, which is text.* \(at 2024-03-16\)"),
    "numbers as text": (pd.DataFrame({"KO": ["1.5"]}), r"'1.5' in row 0, which is text; pandas.to_numeric"),
    "list of text": (["1.5", "2"], "prices must be numbers, got '1.5' in row 0"),
    "array of text": (np.array(["1.5"]), "prices must be numbers, got '1.5' in row 0"),
    "nested": ([[1.0, 2.0], [3.0, "x"]], "prices must be numbers, got 'x' in row 1, column 1"),
    "categorical text": (pd.DataFrame({"KO": pd.Categorical(["a"])}), r"prices\['KO'\] must be numbers, got 'a'"),
    "flags": (
        pd.DataFrame({"KO": [1.0], "open": [True]}),
        r"prices\['open'\].*got True in row 0, which is a truth value",
    ),
    "nullable flags": (pd.DataFrame({"open": pd.array([None, True], dtype="boolean")}), r"prices\['open'\].*in row 1"),
    "polars flags": (pl.DataFrame({"open": [True]}), r"prices\['open'\].*truth value"),
    "array of flags": (np.array([True, False]), "prices must be numbers, got True"),
    "complex": (pd.DataFrame({"KO": [1j]}), r"prices\['KO'\] must be numbers, got 'complex128'"),
    "durations": (
        pd.DataFrame({"KO": pd.to_timedelta([1], unit="D")}),
        r"prices\['KO'\] must be numbers, got 'timedelta",
    ),
    "intervals": (pd.DataFrame({"KO": pd.interval_range(0, 1)}), r"prices\['KO'\] must be numbers, got 'Interval'"),
    "lists": (pd.DataFrame({"KO": [[1.0]]}), r"prices\['KO'\] must be numbers, got 'list' in row 0"),
    "big": (pd.DataFrame({"KO": [BIG]}), rf"prices\['KO'\] must be numbers, got {BIG} in row 0, and a float64 holds"),
    "big nullable": (pd.DataFrame({"KO": pd.array([None, BIG], dtype="Int64")}), rf"got {BIG} in row 1"),
    "big object": (pd.DataFrame({"KO": [2**70 + 1]}, dtype=object), "and a float64 holds whole numbers up to"),
    "big polars": (pl.DataFrame({"KO": [BIG]}), rf"prices\['KO'\].*got {BIG} in row 0"),
    "big pyarrow": (pa.table({"KO": [1, BIG]}), rf"prices\['KO'\].*got {BIG} in row 1"),
    "big array": (np.array([1, BIG]), f"got {BIG} in row 1"),
    "huge": ([10**400], "which no float64 can hold"),
    "polars text": (pl.DataFrame({"KO": ["a"]}), r"prices\['KO'\] must be numbers, got 'a'"),
    "polars categorical": (pl.DataFrame({"KO": pl.Series(["a"], dtype=pl.Categorical)}), "must be numbers, got 'a'"),
    "polars struct": (pl.DataFrame({"KO": [{"a": 1}]}), r"prices\['KO'\] must be numbers, got .Struct"),
    "polars lists": (pl.DataFrame({"KO": [[1.0]]}), r"prices\['KO'\] must be numbers, got 'List"),
    "polars clock": (pl.DataFrame({"at": [dt.time(9)], "KO": [1.0]}), r"prices\['at'\] must be numbers, got 'Time'"),
    "polars lazy": (pl.DataFrame({"KO": [1.0]}).lazy(), r"a frame that is not lazy \(collect\(\) makes one of it\)"),
    "polars expression": (pl.col("KO"), "prices must be numbers"),
    "pyarrow struct": (pa.table({"KO": [{"a": 1}]}), r"prices\['KO'\] must be numbers"),
    "pyarrow dictionary": (pa.table({"KO": pa.array(["a"]).dictionary_encode()}), "must be numbers, got 'a' in row 0"),
    "pyarrow scalar": (pa.scalar(1.0), "prices must be numbers"),
    "ragged": ([[1, 2], [3]], r"prices\[1\] must have 2 cells, as the first row, got 1"),
    "ragged mapping": ({"KO": [1, 2], "PEP": [1]}, r"prices\['PEP'\] must have 2 rows, as the others, got 1"),
    "generator": ((x for x in [1.0]), "make a list of it first, got 'generator'"),
    "set": ({1.0, 2.0}, "make a list of it first, got 'set'"),
    "list of series": ([pd.Series([1.0])], "does not say whether they are rows or columns"),
    "one number": (np.float64(5), "must be numbers of shape"),
    "void": (np.zeros(3, dtype="V8"), "must be numbers of shape"),
    "one name twice": (pd.DataFrame([[1.0, 2.0]], columns=["KO", "KO"]), "a different name for each column.*'KO'"),
    "pyarrow twice": (pa.table([[1.0], [2.0]], names=["KO", "KO"]), "a different name for each column.*'KO'"),
    "nothing": (pl.DataFrame(), "must hold a column of numbers"),
    "no column": ({}, "must hold a column of numbers"),
}


@pytest.mark.parametrize("kind", NAMED)
def test_what_is_no_number_is_named(kind):
    wrong, words = NAMED[kind]
    with pytest.raises(mr.InvalidInput, match=words):
        table("prices", wrong)


def test_whole_numbers_that_a_float_holds_are_read():
    exact = [2**54 + 4, -(2**60), 2**80]
    for kind in (exact[:2], np.array(exact[:2]), pl.Series(exact[:2]), pa.array(exact[:2]), exact):
        read = table("prices", kind).values  # noqa: PD011 - a Table
        assert read.tolist() == [float(x) for x in exact[: len(kind)]]


def test_no_price_is_refused_with_its_name():
    with mr.Client("local") as client:
        for nothing in ([], np.empty((0, 2)), pd.DataFrame({"KO": []}, dtype=float), pl.DataFrame({"KO": []})):
            with pytest.raises(mr.InvalidInput, match="prices must hold at least one price"):
                client.sweep(nothing)


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=3),
    st.decimals(),
    st.dates(),
    st.binary(max_size=2),
    st.complex_numbers(),
    st.dictionaries(st.text(max_size=1), st.integers(), max_size=1),
    st.just(pd.NA),
    st.just(pd.NaT),
)


@given(st.lists(CELLS, max_size=6), st.sampled_from(["list", "pandas", "frame", "array", "mapping", "vector"]))
def test_any_cells_are_numbers_or_are_refused_in_our_words(cells, kind):
    boxed = np.empty(len(cells), dtype=object)
    for place, cell in enumerate(cells):
        boxed[place] = cell
    made = {
        "list": lambda: cells,
        "pandas": lambda: pd.Series(boxed),
        "frame": lambda: pd.DataFrame({"KO": boxed}),
        "array": lambda: boxed,
        "mapping": lambda: {"KO": cells},
        "vector": lambda: dict(enumerate(cells)),
    }[kind]()
    try:
        read = vector("weights", made, ()) if kind == "vector" else table("prices", made).values  # noqa: PD011 - a Table
    except mr.InvalidInput as error:
        assert error.field.startswith(("prices", "weights"))  # noqa: PT017 - either outcome is right
    else:
        absent = [cell is None or cell is pd.NA or cell is pd.NaT for cell in cells]
        right = [np.nan if gone else float(cell) for gone, cell in zip(absent, cells, strict=True)]
        np.testing.assert_array_equal(read.reshape(-1), right)
