"""Made-up universes for the tests of batch runs."""

import numpy as np
import polars as pl

from meanrev_batch.options import ScanOptions

__all__ = ["OPTIONS", "days", "prices", "write", "write_long"]

OPTIONS = ScanOptions(memory=1, lookback=20)
"""With the least memory a block has 16 names, so that 40 names make six tiles."""


def days(n_bars):
    """Return business days, in milliseconds."""
    every = np.arange(np.datetime64("2015-01-01"), np.datetime64("2045-01-01"))
    return every[np.is_busday(every)][:n_bars].astype("datetime64[ms]")


def prices(n_names=40, n_bars=240, seed=5):
    """Return (T, N) prices of names that share factors, so that many pairs revert."""
    rng = np.random.default_rng(seed)
    factors = np.cumsum(rng.normal(0, 0.01, (n_bars, 3)), axis=0)
    noise = np.zeros((n_bars, n_names))
    steps = rng.normal(0, 0.01, (n_bars, n_names))
    for bar in range(1, n_bars):
        noise[bar] = 0.85 * noise[bar - 1] + steps[bar]
    own = np.cumsum(rng.normal(0, 0.01, (n_bars, n_names)), axis=0) * (rng.random(n_names) > 0.4)
    return 50 * np.exp(factors @ rng.normal(0, 0.5, (3, n_names)) + own + noise)


def names_of(values):
    """Return the names of columns: N00, N01, ..."""
    return [f"N{place:02d}" for place in range(values.shape[1])]


def write(path, values, stamps=None, names=None):
    """Write a wide Parquet file; NaN is no price."""
    stamps = days(len(values)) if stamps is None else stamps
    columns = zip(names or names_of(values), values.T, strict=True)
    pl.DataFrame(
        {"date": stamps, **{name: pl.Series(column, nan_to_null=True) for name, column in columns}}
    ).write_parquet(path)
    return path


def write_long(path, rows):
    """Write a long Parquet file of (stamp, name, price)."""
    stamps, names, values = zip(*rows, strict=True)
    pl.DataFrame({"date": np.array(stamps, "datetime64[ms]"), "ticker": names, "close": values}).write_parquet(path)
    return path
