"""Threads of the BLAS libraries under NumPy and SciPy: one number for a whole process."""

__all__ = ["limit"]


def limit(threads: int) -> bool:
    """Let a matrix product or a spectrum use some threads at most, from now on and in the whole process.

    Threads of OpenBLAS that have nothing to do spin for a while. Where computations run side by side they spin on the
    cores that the others need, and each of two libraries spins against the other.

    Args:
        threads: At least 1.

    Returns:
        Whether it was done: not without SciPy and threadpoolctl, which come with meanrev[server].
    """
    try:
        import scipy.linalg  # noqa: F401, PLC0415 - a library that is not loaded yet would not be limited
        from threadpoolctl import threadpool_limits  # noqa: PLC0415 - of the server alone
    except ImportError:
        return False
    threadpool_limits(threads, user_api="blas")
    return True
