"""Oracle of the check of a grid: the backtests of all cells of all series, one by one, as strategies."""

import math

import numpy as np

from tests.naive import threshold_grid


def strategies(series, grid, **terms):
    """Return the (T, M) returns of all cells that were tried, and the (series, cell) of each.

    Args:
        series: Lists of prices of one length.
        grid: Cells as threshold_grid.cells makes them.
        **terms: Of the backtests.
    """
    columns, places = [], []
    for row, prices in enumerate(series):
        for number, cell in enumerate(grid):
            ran = threshold_grid.figures(prices, cell, **terms)
            if ran is not None:
                columns.append(ran["returns"])
                places.append((row, number))
    traded = {row for row, _ in places}
    spans = [threshold_grid.span(series[row]) for row in traded]
    first, stop = min(begin for begin, _ in spans), max(end for _, end in spans)
    flat = [[0.0 if math.isnan(value) else value for value in column[first:stop]] for column in columns]
    return np.array(flat).T, places
