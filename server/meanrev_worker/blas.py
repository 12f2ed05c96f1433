"""The number of threads of the BLAS libraries under NumPy and SciPy, for a whole process."""

import os

__all__ = ["limit"]

_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")


def limit(threads: int) -> bool:
    """Limit the threads of a matrix product or a spectrum, from now on and in the whole process.

    Idle threads of OpenBLAS spin for a while. Where computations run side by side, they spin on cores that other
    computations need. NumPy and SciPy each have such a library.

    SciPy's library is loaded when it is first needed. It reads the environment, so this sets variables too.

    Args:
        threads: At least 1.

    Returns:
        Whether the limit holds for libraries that are loaded already; it does not without threadpoolctl, which comes
        with meanrev[server].
    """
    os.environ.update(dict.fromkeys(_VARIABLES, str(threads)))
    try:
        from threadpoolctl import threadpool_limits  # noqa: PLC0415 - only the server has it
    except ImportError:
        return False
    threadpool_limits(threads, user_api="blas")
    return True
