"""Metrics with one label, as the library for Prometheus has them."""

from collections.abc import Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

__all__ = ["counted", "gauges"]


def counted(
    name: str, text: str, label: str, values: Mapping[str, float], always: tuple[str, ...] = ()
) -> CounterMetricFamily:
    """Return a counter with one label.

    Args:
        name: The metric's.
        text: What it is.
        label: Name of the label.
        values: Its values, by the label's value.
        always: Label values that are there from the start, with 0.
    """
    family = CounterMetricFamily(name, text, labels=[label])
    for key, value in _with(values, always):
        family.add_metric([key], value)
    return family


def gauges(
    name: str, text: str, label: str, values: Mapping[str, float], always: tuple[str, ...] = ()
) -> GaugeMetricFamily:
    """Return a gauge with one label.

    Args:
        name: The metric's.
        text: What it is.
        label: Name of the label.
        values: Its values, by the label's value.
        always: Label values that are there from the start, with 0.
    """
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in _with(values, always):
        family.add_metric([key], value)
    return family


def _with(values: Mapping[str, float], always: tuple[str, ...]) -> list[tuple[str, float]]:
    """Return the values, and 0 for names that have none."""
    return list({**dict.fromkeys(always, 0), **values}.items())
