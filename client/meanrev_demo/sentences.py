"""The sentences of the demo, the same in the terminal and on the page."""

from meanrev_demo.chapters import Story
from meanrev_demo.trading import Performance

__all__ = [
    "caveat",
    "of_the_fit",
    "of_the_heatmap",
    "of_the_search",
    "of_the_spread",
    "of_the_stop",
    "of_the_thresholds",
    "of_the_universe",
    "of_the_walk",
]

_EVIDENCE = 0.05
"""The p-value below which the two are called a pair."""


def of_the_spread(story: Story) -> str:
    """Describe what is traded."""
    spread = story.spread
    first, last = spread.months[0], spread.months[spread.n_fitted - 1]
    lower, upper = spread.hedge_interval
    return (
        f"Spread = log WTI - {spread.hedge_ratio:.3f} log Brent - {spread.intercept:.3f}. Hedge ratio and intercept by "
        f"ordinary least squares of log WTI on log Brent, {first} to {last} ({spread.n_fitted} of {len(spread.months)} "
        f"months); the later months were not looked at. The 95 % interval of the slope is {lower:.3f} to {upper:.3f}, "
        "by dynamic least squares over the same months."
    )


def of_the_search(story: Story) -> str:
    """Say how often two unrelated series look as much like a pair."""
    search = story.search
    verdict = (
        "That is evidence of a pair until 2005, and no promise that it stays one."
        if search.p_best < _EVIDENCE
        else "That is no evidence of a pair, and nothing that follows may be expected of this one."
    )
    found = {0: "none looks", 1: "one looks"}.get(search.as_good, f"{search.as_good} look")
    return (
        f"Of {search.null_universes} pairs of unrelated random walks as long as these months, {found} at least as "
        f"cointegrated: p_best = {search.p_best:.3f}, with a standard error of {search.std_error:.3f}. {verdict}"
    )


def of_the_fit(story: Story) -> str:
    """Compare the frozen fit with the one that saw everything."""
    fit, refit = story.fit, story.refit
    return (
        f"Median-unbiased half-life {fit.half_life:.2f} months, 95 % interval {fit.half_life_lower:.2f} to "
        f"{fit.half_life_upper:.2f}. "
        f"A fit of all months says {refit.half_life:.2f} ({refit.half_life_lower:.2f} to {refit.half_life_upper:.2f}): "
        "what looked settled in 2005 was not."
    )


def of_the_thresholds(story: Story) -> str:
    """Compare the optimum with the constant formula."""
    cost = story.round_trip_cost
    calm, here, wild = sorted(story.yardsticks, key=lambda yardstick: yardstick.factor)
    return (
        f"Costs {1e4 * story.cost_per_side:g} basis points a side and oil, {1e4 * cost:g} for a round trip. The "
        f"constant formula of the earlier service, 1.5 sqrt(1 + 100 cost) = {here.constant.entry_z:.2f}, does not "
        f"depend on the process; the optimum is {here.optimal.entry_z:.2f} here, and moves from "
        f"{calm.optimal.entry_z:.2f} to {wild.optimal.entry_z:.2f} with the size of the cost against the spread. (The "
        "formula gives an entry alone; here it gets the optimum's exit.)"
    )


def of_the_heatmap(story: Story) -> str:
    """Describe what the heatmap shows."""
    best = story.yardsticks[0].optimal
    return (
        f"Expected annual Sharpe ratio of the fitted process, net of costs, by entry and exit. Best: "
        f"{best.sharpe:.2f} at entry {best.entry_z:.2f}, exit {best.exit_z:+.2f}; {story.promised[0]:.2f} and "
        f"{story.promised[1]:.2f} at the ends of theta's 95 % interval. This is the model's promise, not a result."
    )


def of_the_walk(story: Story) -> str:
    """Describe the result of the frozen rule."""
    spread, walk = story.spread, story.walk
    (first, fitted), (second, near), (third, far), _ = walk.stretches.items()
    return (
        f"The model of 2005, carried forward unchanged: Sharpe {fitted.sharpe_words} in sample ({first}), "
        f"{near.sharpe_words} in {second}, {far.sharpe_words} in {third}, each with its standard error. "
        f"In {spread.months[spread.farthest]} the spread "
        f"stood at z = {spread.z_score[spread.farthest]:.1f}; the position opened in {_opened(story)} was still open "
        f"{_unclosed(story)} later, at the end of the data."
    )


def of_the_stop(story: Story) -> str:
    """Describe what a stop does, and what it does not."""
    without, with_it = _unseen(story.walk.stretches), _unseen(story.stopped.stretches)
    return (
        f"A stop at {story.stop_z:g} standard deviations cuts the drawdown after 2005 from {without.max_drawdown:.2f} "
        f"to {with_it.max_drawdown:.2f} of the money in one leg; it does not make a dead relation profitable "
        f"(Sharpe {without.sharpe_words} without, {with_it.sharpe_words} with it)."
    )


def caveat(story: Story) -> str:
    """Explain why the in-sample figure is too good."""
    fitted = next(iter(story.walk.stretches.values()))
    return (
        "Monthly averages flatter the in-sample figure: nobody can trade at the average of a month, and an average of "
        "a random walk looks more predictable than the walk. Filled one month later, the in-sample Sharpe is "
        f"{story.later.sharpe_words} instead of {fitted.sharpe_words}."
    )


def of_the_universe(story: Story) -> str:
    """Describe how fast and how well many series are fitted."""
    universe = story.universe
    return (
        f"{universe.half_life.size} synthetic series of {universe.n_bars:,} bars through client, wire and server in "
        f"{universe.seconds:.2f} s: {universe.bars_a_second:,.0f} bars/s. Half-lives recovered with a median error of "
        f"{100 * universe.median_error:.0f} %; {100 * universe.covered:.1f} % (standard error "
        f"{100 * universe.covered_std_error:.1f}) of the 95 % intervals hold the truth."
    )


def _unseen(stretches: dict[str, Performance]) -> Performance:
    """Return the stretch of all months after the freeze, which stands last."""
    return list(stretches.values())[-1]


def _opening(story: Story) -> int:
    """Return the index of the month since which the last position has been the same."""
    held = story.walk.held
    changes = [i for i in range(1, held.size) if held[i] != held[i - 1]]
    return changes[-1] if changes else 0


def _opened(story: Story) -> str:
    return story.spread.months[_opening(story)]


def _unclosed(story: Story) -> str:
    months = len(story.spread.months) - 1 - _opening(story)
    return f"{months // 12} years and {months % 12} months"
