"""Faults that can be planted into a server, each of which a soak has to find."""

__all__ = ["PLANTS"]

_AT_THE_END = """
from meanrev_server import records
kept, count, ending = [], [0], records.Calls.end
def end(self, record):
    count[0] += 1
    {}
records.Calls.end = end
"""

PLANTS = {
    "": "",
    "memory": _AT_THE_END.format("kept.append(bytearray(b'x' * 500_000)); ending(self, record)"),
    "count": _AT_THE_END.format("""
    if count[0] % 50:
        ending(self, record)
    else:
        del self.in_flight[record]
"""),
    "in use": _AT_THE_END.format("kept.append(bytes(100_000)); ending(self, record)"),
    "threads": _AT_THE_END.format("""
    if not count[0] % 10:
        import threading
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    ending(self, record)
"""),
    "files": _AT_THE_END.format("""
    if not count[0] % 20:
        kept.append(open('/dev/null'))
    ending(self, record)
"""),
}
"""Python source that a server runs before it starts, by the name of the fault; "" is a sound one."""
