"""Where the `meanrev` command starts; `python -m meanrev_cli` is the same."""

import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

__all__ = ["main"]

_OF_THE_SERVER_EXTRA = frozenset(
    {"click", "grpc_health", "grpc_reflection", "msgspec", "psutil", "rich", "structlog", "uvloop"},
)
_USAGE = 2
_UNEXPECTED = 1
_INTERRUPTED = 130
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line.

    Args:
        arguments: Words after the program's name; those of the process where None.

    Returns:
        Exit code 2, where the [server] extra is not installed, 1, where stdout takes no more, or 130, where it was
        interrupted before a command began; every other end leaves by SystemExit.
    """
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # its C core would write a line of its own beside each of ours
    try:
        from meanrev_cli.root import meanrev  # noqa: PLC0415 - so that a missing extra is a sentence

        meanrev(args=None if arguments is None else list(arguments), prog_name="meanrev")
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _OF_THE_SERVER_EXTRA:
            raise
        sys.stderr.write(
            f"meanrev: the command line needs {package}, which comes with the server extra: "
            "pip install '.[server]' in a checkout of meanrev\n",
        )
    except KeyboardInterrupt:  # before a command began
        return _INTERRUPTED
    except SystemExit as end:
        if end.code != _INTERRUPTED:
            raise
        # Python would wait for compute threads whose results are not needed any more.
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(_INTERRUPTED)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is buffered would fail again at the exit
        sys.stderr.write(f"meanrev: cannot write to stdout: {error.strerror}\n")
        return _UNEXPECTED
    return _USAGE


if __name__ == "__main__":
    sys.exit(main())
