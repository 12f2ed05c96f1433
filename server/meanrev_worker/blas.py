"""Threads of the BLAS libraries under NumPy and SciPy: one number for a whole process."""

import os

__all__ = ["limit"]

_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")


def limit(threads: int) -> bool:
    """Let a matrix product or a spectrum use some threads at most, from now on and in the whole process.

    Threads of OpenBLAS that have nothing to do spin for a while. Where computations run side by side they spin on the
    cores that the others need, and each of two libraries spins against the other.

    A library that is loaded later, as SciPy's is when it is first needed, reads the environment, which is set too.

    Args:
        threads: At least 1.

    Returns:
        Whether libraries that are loaded already keep to it: not without threadpoolctl, which comes with
        meanrev[server].
    """
    os.environ.update(dict.fromkeys(_VARIABLES, str(threads)))
    try:
        from threadpoolctl import threadpool_limits  # noqa: PLC0415 - of the server alone
    except ImportError:
        return False
    threadpool_limits(threads, user_api="blas")
    return True
