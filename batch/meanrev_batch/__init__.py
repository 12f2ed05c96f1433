"""Scans of universes of thousands of names, chunk by chunk, that go on after any interruption.

`scan` reads a universe, tests all its pairs, trades those that are selected, and writes pairs.parquet, universe.parquet
and report.json into a folder. What is computed is kept there as it comes. `gather` joins what several shards computed,
`status` reports how far a run is, `forecast` what one will take, and `clean` removes what is only needed to go on.
"""

from meanrev_batch.folders import clean, gather, status
from meanrev_batch.forecasting import Forecast, forecast
from meanrev_batch.runs import Shard, scan

__all__ = ["Forecast", "Shard", "clean", "forecast", "gather", "scan", "status"]
