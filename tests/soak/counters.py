"""The metrics of a server, and whether they add up."""

import urllib.request
from collections import Counter

from prometheus_client.parser import text_string_to_metric_families

__all__ = ["Counters", "differences", "read"]


class Counters:
    """Calls as a server counts them.

    Attributes:
        opened: By method.
        received: By method.
        in_flight: By method.
        ended: By (method, code).
        reasons: By reason.
    """

    def __init__(self):
        self.opened, self.received, self.in_flight = Counter(), Counter(), Counter()
        self.ended, self.reasons = Counter(), Counter()

    def imbalances(self):
        """Return in words what does not add up."""
        found = []
        for method, received in self.received.items():
            ended = sum(count for (of, _), count in self.ended.items() if of == method)
            if received != ended + self.in_flight[method]:
                found.append(f"{method}: {received} received, but {ended} ended and {self.in_flight[method]} in flight")
            if self.opened[method] < received:
                found.append(f"{method}: {received} received, but only {self.opened[method]} opened")
        return found


def read(address):
    """Read the counters at an address of metrics."""
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    counters = Counters()
    for family in text_string_to_metric_families(text):
        for name, labels, value, *_ in family.samples:
            count = int(value)
            if name == "meanrev_calls_ended_total":
                counters.ended[labels["method"], labels["code"]] += count
                counters.reasons[labels["reason"]] += count
            for kind in ("opened", "received"):
                if name == f"meanrev_calls_{kind}_total":
                    getattr(counters, kind)[labels["method"]] += count
            if name == "meanrev_calls_in_flight":
                counters.in_flight[labels["method"]] += count
    return counters


def differences(ours, counters, methods):
    """Return in words where the counts of some methods' clients are not the server's.

    Args:
        ours: Calls by (method, code), as the clients saw them.
        counters: The server's.
        methods: Methods that nobody else calls.
    """
    theirs = Counter({key: count for key, count in counters.ended.items() if key[0] in methods and count})
    return [
        f"{method} {code}: {ours[method, code]} by the clients, {theirs[method, code]} by the server"
        for method, code in sorted({*ours, *theirs})
        if ours[method, code] != theirs[method, code]
    ]
