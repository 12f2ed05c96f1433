"""The steps between which a crash may come, by name."""

__all__ = ["reached"]


def reached(step: str) -> None:
    """Do nothing.

    Tests replace this function with one that ends the process, or raises what a full disk raises, at a given step.

    Args:
        step: What has been done, such as "result: renamed".
    """
