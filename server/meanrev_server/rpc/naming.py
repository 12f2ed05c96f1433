"""The maths' argument names to the wire's field names, so that an error names what the caller sent."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from gpu_kernels.errors import Degenerate, InvalidInput

__all__ = ["wire_names"]


@contextmanager
def wire_names(names: Mapping[str, str]) -> Iterator[None]:
    """Rename the field of an InvalidInput or a Degenerate that passes through.

    Args:
        names: From argument to field; a missing name stays as it is.
    """
    try:
        yield
    except (InvalidInput, Degenerate) as error:
        raise error.renamed(names) from None
