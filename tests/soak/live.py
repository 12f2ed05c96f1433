"""How much of a server's memory is in use: what the C library has given out, without the free memory that it keeps."""

import json
import time

__all__ = ["PROBE", "in_use"]

PROBE = """
import ctypes, gc, json, os, threading, time
class _Mallinfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in (
        'arena', 'ordblks', 'smblks', 'hblks', 'hblkhd', 'usmblks', 'fsmblks', 'uordblks', 'fordblks', 'keepcost')]
def _tell(mallinfo, asked, answer):
    mallinfo.restype = _Mallinfo
    while True:
        time.sleep(0.05)
        if os.path.exists(asked):
            os.remove(asked)
            gc.collect()
            found = mallinfo()
            with open(answer + '.part', 'w') as file:
                json.dump(found.uordblks + found.hblkhd, file)
            os.replace(answer + '.part', answer)
threading.Thread(
    target=_tell, args=(ctypes.CDLL(None).mallinfo2, os.environ['SOAK_ASKED'], os.environ['SOAK_ANSWER']), daemon=True
).start()
"""
"""Python source that a server runs before it starts; it tells its bytes in use when the file SOAK_ASKED appears."""

_PATIENCE_S = 60


def in_use(folder):
    """Return the bytes that a server with the PROBE has in use.

    Args:
        folder: Where the files are that it was given the names of.
    """
    asked, answer = folder / "asked", folder / "answer"
    asked.touch()
    give_up = time.monotonic() + _PATIENCE_S
    while not answer.exists():
        if time.monotonic() > give_up:
            raise TimeoutError("the server does not tell its memory in use")
        time.sleep(0.02)
    found = json.loads(answer.read_text(encoding="ascii"))
    answer.unlink()
    return found
