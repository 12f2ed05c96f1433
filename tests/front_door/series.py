"""Series that revert to their mean, days, and files made of them."""

import numpy as np

DAYS = np.arange(np.datetime64("2020-01-01"), np.datetime64("2020-01-01") + 120)
GRID = ("--entry", "1:1.5:0.5", "--exit", "0:0.5:0.5", "--lookback", "10", "--cost", "1bp")
CELLS = {"entry": "1:1.5:0.5", "exit": "0:0.5:0.5", "lookback": 10, "cost_per_side": [1e-4]}


def reverting(n=120, seed=11, level=50.0, noise=0.5, memory=0.85):
    """Return n prices, rounded to four decimals, as a file holds them."""
    rng = np.random.default_rng(seed)
    out = np.full(n, level)
    for t in range(1, n):
        out[t] = level + memory * (out[t - 1] - level) + rng.normal(0, noise)
    return np.round(out, 4)


A = reverting()
B = reverting(seed=3, level=30.0)
C = reverting(seed=7, level=80.0, noise=0.9)


def lines(*columns, days=DAYS, separator=","):
    """Return a line of text a row."""
    return [
        separator.join([str(day), *(f"{value:.4f}" for value in row)]) for day, *row in zip(days, *columns, strict=True)
    ]


def write(path, header, rows, **how):
    """Write a header and rows as lines."""
    path.write_text("\n".join([header, *rows]) + "\n", **how)
    return path


def best(client, *columns):
    """Return the Sharpe ratios of the best cells, of columns entered as clean arrays."""
    return client.sweep(np.column_stack(columns), **CELLS).best.sharpe_ratio.tolist()


def swept(run, file, *words):
    """Sweep a file by the command line; returns click's result."""
    return run("sweep", file, *GRID, "--json", *words)


def sharpes(result):
    """Return the best cells' Sharpe ratios of a sweep's answer."""
    return [row["sharpe_ratio"] for row in result.document["best"]]


def told(result):
    """Return all that a command said."""
    return (result.stdout + result.stderr).lower()


def refused(result, *words):
    """Check that a command refused the data, in words of which each must appear, in one of its spellings."""
    assert result.exit_code in {2, 4}, (result.exit_code, result.stdout[:300], result.stderr)
    said = told(result)
    for word in words:
        spellings = (word,) if isinstance(word, str) else word
        assert any(spelling.lower() in said for spelling in spellings), (word, said)
    return True
