"""Twelve files as users have them: read rightly, or refused with a remedy that reads them rightly."""

import numpy as np
import pytest

import meanrev as mr
from tests.front_door.files import SAMPLES
from tests.front_door.reading import read, values_of
from tests.front_door.series import CELLS, GRID, told

READ_AT_ONCE = {"fred", "stooq", "spreadsheet as text", "spreadsheet", "pandas parquet", "polars parquet"}
"""Files in which nothing is ambiguous: they need no remedy."""


def followed(sample, path, words, said):
    """Return the path and words of the remedy that a refusal names; None where it names none that is an option."""
    for word, way in sample.ways.items():
        if word in said and way[0] not in words:
            return (f"{path}{way[0]}", words) if way[0].startswith("/") else (path, (*words, *way))
    assert any(word in said for word in sample.essential), f"the refusal names no remedy: {said}"
    return None


def tried(sample, path, ask, name):
    """Return the last answer of ask(path, words), remedies followed; None where the refusal has no option for it."""
    words = sample.asked
    for _ in range(3):
        answer, said = ask(path, words)
        if not said:
            return answer
        assert name not in READ_AT_ONCE, said
        way = followed(sample, path, words, said)
        if way is None:
            return None
        path, words = way
    raise AssertionError(f"remedies lead to no answer: {said}")


def right(sample, values, names, stamps):
    """Check that the table holds the truth, each series once, at its times, and nothing that was not in the file."""
    assert len(values) == 120
    np.testing.assert_array_equal(stamps, sample.times)
    for name, series in sample.truth.items():
        found = [i for i in range(len(names)) if np.allclose(values[:, i], series, rtol=1e-12, equal_nan=True)]
        assert len(found) == 1, (name, names)
        if sample.others is not None:
            assert names[found[0]] == name
    if sample.others is not None:
        assert set(names) <= {*sample.truth, *sample.others}
    assert not any(np.array_equal(np.diff(column), np.diff(sample.times)) for column in values.T)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_reader_has_the_values_or_names_a_remedy(tmp_path, name):
    """Every column, row and time of the file is in the table, at once or after the remedy of the refusal."""

    def ask(path, words):
        try:
            return read(path, *words), ""
        except mr.InvalidInput as error:
            return None, str(error)

    sample = SAMPLES[name]
    table = tried(sample, sample.write(tmp_path), ask, name)
    if table is None:
        return
    right(sample, *values_of(table))
    assert table.report.n_rows == 120
    assert table.report.first_time.startswith("2020-01-01")
    assert table.report.last_time.startswith("2020-04-29")


@pytest.mark.parametrize("name", SAMPLES)
def test_the_command_line_has_the_figures_or_names_a_remedy(run, client, tmp_path, name):
    """The same by the command line: the figures are those of the series entered cleanly."""

    def ask(path, words):
        done = run("sweep", path, *GRID, "--json", *words)
        assert done.exit_code in {0, 2, 4}, told(done)
        return done, told(done) if done.exit_code else ""

    sample = SAMPLES[name]
    done = tried(sample, sample.write(tmp_path), ask, name)
    if done is None:
        return
    swept = {row["column"]: row["sharpe_ratio"] for row in done.document["best"]}
    clean = client.sweep(np.column_stack(list(sample.truth.values())), **CELLS).best.sharpe_ratio
    for column, sharpe in zip(sample.truth, clean, strict=True):
        known = [swept[column]] if sample.others is not None else swept.values()
        assert any(value == pytest.approx(sharpe, rel=1e-9) for value in known if value is not None), (column, swept)
    if sample.others is not None:
        assert set(swept) <= {*sample.truth, *sample.others}


@pytest.mark.parametrize("name", ["stooq intraday", "days of a country", "title above"])
def test_what_is_read_without_a_word_is_right(tmp_path, client, name):
    """Forms that a reader may refuse: a day and a time in two columns, dd.mm.yyyy, a title above the header."""
    source = SAMPLES["newest first"]
    series = source.truth
    rows = list(zip(source.times, *series.values(), strict=True))
    if name == "stooq intraday":
        head = "<DATE>,<TIME>,A,B"
        text = [f"20200102,{9 + i // 60:02d}{i % 60:02d}00,{a:.4f},{b:.4f}" for i, (_, a, b) in enumerate(rows)]
        times = np.datetime64("2020-01-02T09:00", "ms").astype(int) + 60_000 * np.arange(120)
    else:
        form = "%d.%m.%Y" if name == "days of a country" else "%Y-%m-%d"
        head = "Date,A,B" if name == "days of a country" else "Prices of two stocks\n\nDate,A,B"
        text = [f"{np.datetime64(int(t), 'ms').item():{form}},{a:.4f},{b:.4f}" for t, a, b in rows]
        times = source.times
    path = tmp_path / "f.csv"
    path.write_text("\n".join([head, *text]) + "\n")
    try:
        table = read(path)
    except mr.InvalidInput as error:
        assert any(word in str(error).lower() for word in ("date", "time", "header", "line 1"))  # noqa: PT017 - as above
        return
    values, names, stamps = values_of(table)
    np.testing.assert_array_equal(stamps, times)
    assert names == ["A", "B"]
    np.testing.assert_array_equal(values, np.column_stack(list(series.values())))
