"""The story's figures as one JSON document."""

import math
from dataclasses import asdict
from typing import Any

from meanrev_demo.chapters import Story

__all__ = ["document"]


def document(story: Story, saved: str | None) -> dict[str, Any]:
    """Return the figures that the terminal shows; numbers that are not finite become null.

    Args:
        story: The results.
        saved: Where the story was written, or None.
    """
    spread, universe = story.spread, story.universe
    return {
        "device": story.device,
        "hedge_ratio": spread.hedge_ratio,
        "hedge_ratio_interval": spread.hedge_interval,
        "intercept": spread.intercept,
        **_finite({"p_best": story.search.p_best, "p_best_std_error": story.search.std_error}),
        "null_universes": story.search.null_universes,
        "months": len(spread.months),
        "months_fitted": spread.n_fitted,
        "fit": _finite(asdict(story.fit)),
        "refit": _finite(asdict(story.refit)),
        "round_trip_cost": story.round_trip_cost,
        "promised_at_the_ends_of_theta": story.promised,
        "thresholds": [asdict(yardstick) for yardstick in story.yardsticks],
        "farthest": {"month": spread.months[spread.farthest], "z_score": float(spread.z_score[spread.farthest])},
        "stop_z": story.stop_z,
        "walks": {
            walk.name: {stretch: result._asdict() for stretch, result in walk.stretches.items()}
            for walk in (story.walk, story.stopped)
        },
        "filled_a_month_later": story.later._asdict(),
        "universe": {
            "series": int(universe.half_life.size),
            "bars": universe.n_bars,
            "seconds": universe.seconds,
            "bars_a_second": universe.bars_a_second,
            "median_error": universe.median_error,
            "covered": universe.covered,
            "covered_std_error": universe.covered_std_error,
        },
        "saved": saved,
    }


def _finite(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in fields.items()
    }
