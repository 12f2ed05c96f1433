"""What the best cell of a grid of backtests is worth after the search for it: SPA, StepM, overfitting, and so on."""

from numpy.typing import ArrayLike

from gpu_kernels import data_snooping
from gpu_kernels.checks import array
from gpu_kernels.data_snooping import Scheme
from gpu_kernels.dispatch import Twins
from gpu_kernels.errors import InvalidInput
from gpu_kernels.grid_check import searching
from gpu_kernels.grid_check.model import GridCheck
from gpu_kernels.sweep import Rules
from gpu_kernels.sweep.arguments import checked_rules, has_bars, scored_rules, stops_above
from gpu_kernels.threshold_grid import Cells

__all__ = ["GridCheck", "Scheme", "check", "possible"]

TWINS = Twins(host=searching.check)

_RULES, _SCHEME = Rules(), Scheme()


def check(prices: ArrayLike, cells: Cells, rules: Rules = _RULES, scheme: Scheme = _SCHEME) -> GridCheck:
    """Trade every cell of a grid in every series, and test whether the best of them all is better than no position.

    Args:
        prices: (B, T), oldest first; NaN bars as in sweep.backtest. All cells of all series are one family of tries:
            give one series for the choice among its cells, and all for the choice among the series too.
        cells: What threshold_grid.expand gave.
        rules: What all cells share. Their lookback is that of each cell, and not looked at here.
        scheme: How the search is tested, as the arguments of data_snooping.examine.

    Returns:
        GridCheck. What comes back is small; the returns, 8 bytes for each bar of each cell, stay where they are.

    Raises:
        InvalidInput: there are fewer than data_snooping.FEWEST_PERIODS bars, a rule or a number of the scheme is out of
            its range, or the stop is not above the entry_z of every valid cell.
        Degenerate: no cell of any series has returns that vary.

    References:
        Those of data_snooping/model.py.
    """
    checked = array("prices", prices, ndim=2, shape="(B, T)")
    has_bars(checked)
    rules = scored_rules(checked_rules(rules), len(checked))
    stops_above(cells.entry_z[cells.valid], rules)
    bars = searching.span(checked, rules.mode)
    n_tried = sum(places.size for _, _, places in searching.family(checked, cells, rules.mode))
    if n_tried:
        possible(scheme, bars.stop - bars.start, n_tried)
    return TWINS.run(checked, cells, rules, scheme)


def possible(scheme: Scheme, n_periods: int, n_tried: int) -> None:
    """Refuse what cannot be tested, by its size alone.

    Args:
        scheme: How the search is tested.
        n_periods: Bars from the first price to the last.
        n_tried: Cells of all series of the family.

    Raises:
        InvalidInput: as check.
    """
    if n_periods < data_snooping.FEWEST_PERIODS:
        rule = f"must have at least {data_snooping.FEWEST_PERIODS} bars from the first price to the last for any claim"
        raise InvalidInput("prices", rule, value=n_periods)
    data_snooping.checked(scheme, n_periods, n_tried)
