"""`python -m meanrev` runs the command line."""

import sys
from importlib.metadata import entry_points

__all__ = ["main"]


def main() -> int:
    """Run the command that is installed as `meanrev`, which this package finds by its entry point.

    Returns:
        The exit code; 2 where the command line is not installed.
    """
    found = next(iter(entry_points(group="console_scripts", name="meanrev")), None)
    if found is None:
        sys.stderr.write(
            "meanrev: the command line is not installed; pip install '.[server]' in a checkout of meanrev brings it\n"
        )
        return 2
    return int(found.load()())


if __name__ == "__main__":
    sys.exit(main())
