"""Scans, sweeps and fits of universes of thousands of names, chunk by chunk, that go on after any interruption.

`scan` reads a universe, tests all its pairs, trades those that are selected, and writes pairs.parquet, universe.parquet
and report.json into a folder. `sweep` and `fit` do the same for grids of thresholds and for processes. What is computed
is kept there as it comes. `gather` joins what several shards computed, `status` reports how far a run is, `forecast`
what a scan will take, and `clean` removes what is only needed to go on.
"""

from meanrev_batch.folders import clean, gather, status
from meanrev_batch.forecasting import Forecast, forecast
from meanrev_batch.runs import scan
from meanrev_batch.series_runs import fit, sweep
from meanrev_batch.session import Shard

__all__ = ["Forecast", "Shard", "clean", "fit", "forecast", "gather", "scan", "status", "sweep"]
