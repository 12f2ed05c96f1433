"""The errors of the maths.

KernelError
├── InvalidInput       a request that breaks a stated rule: names the field, the value and the rule
├── Degenerate         legal input for which the answer does not exist (a zero-variance asset, say)
├── DeviceFault        a GPU that is not there or does not answer: says what would help
│   └── OutOfMemory    the GPU's memory, or the host's page-locked memory, does not hold the request
└── CompileError       no compiler, or one that refuses a kernel
    └── CacheError     a folder of compiled kernels that cannot be used

One bad series in a batch is never an error: it is NaN and a status for that series alone.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Self

__all__ = [
    "CacheError",
    "CompileError",
    "Degenerate",
    "DeviceFault",
    "InvalidInput",
    "KernelError",
    "OutOfMemory",
]


class KernelError(Exception):
    """Base of every error raised by gpu_kernels."""


class InvalidInput(KernelError):
    """Input that breaks a rule of the operation's contract.

    The message reads "<field>[<index>] <rule>, got <value>".

    Attributes:
        field: Name of the offending argument.
        rule: What is allowed, as a phrase that follows the name ("must be positive").
        value: The offending value, or None where naming it would not help.
        index: Position inside the argument: an int, a tuple of ints, or None.
    """

    def __init__(
        self,
        field: str,
        rule: str,
        *,
        value: object = None,
        index: int | tuple[int, ...] | None = None,
    ) -> None:
        self.field = field
        self.rule = rule
        self.value = value
        self.index = index
        super().__init__(str(self))

    def __str__(self) -> str:
        where = "" if self.index is None else _subscript(self.index)
        got = "" if self.value is None else f", got {_plain(self.value)}"
        return f"{self.field}{where} {self.rule}{got}"

    def __reduce__(self) -> tuple[Any, ...]:
        again = partial(type(self), value=self.value, index=self.index)
        return again, (self.field, self.rule)

    def renamed(self, names: Mapping[str, str]) -> Self:
        """Return the same error with the caller's name of the field.

        Args:
            names: From the argument names of this package to the caller's; a name that is not in it is kept.
        """
        return type(self)(names.get(self.field, self.field), self.rule, value=self.value, index=self.index)


class Degenerate(KernelError):
    """Legal input whose answer does not exist.

    Attributes:
        field: Name of the argument that makes the problem degenerate.
        index: Position inside the argument, as of InvalidInput, or None.
    """

    def __init__(self, field: str, message: str, *, index: int | tuple[int, ...] | None = None) -> None:
        self.field = field
        self.index = index
        super().__init__(message)

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), index=self.index), (self.field, str(self))

    def renamed(self, names: Mapping[str, str]) -> Self:
        """Return the same error with the caller's name of the field; as InvalidInput.renamed."""
        return type(self)(names.get(self.field, self.field), str(self), index=self.index)


class DeviceFault(KernelError):
    """A GPU that is not there or does not answer.

    Attributes:
        fix: What would help.
    """

    def __init__(self, message: str, fix: str) -> None:
        self.fix = fix
        super().__init__(message)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.fix)


class OutOfMemory(DeviceFault):
    """The GPU's memory, or the page-locked memory of the host, does not hold the request."""


class CompileError(KernelError):
    """No compiler, or one that refuses a kernel; the message holds its first lines.

    Attributes:
        fix: What would help.
        public: What a server may tell its callers, who are to see no path of its machine.
    """

    def __init__(self, message: str, fix: str = "report it", public: str = "kernels do not compile") -> None:
        self.fix = fix
        self.public = public
        super().__init__(message)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.fix, self.public)


class CacheError(CompileError):
    """A folder of compiled kernels that cannot be used."""


def _subscript(index: int | tuple[int, ...]) -> str:
    inside = ", ".join(str(i) for i in index) if isinstance(index, tuple) else str(index)
    return f"[{inside}]"


def _plain(value: object) -> str:
    """Shorten a value for a message; NumPy scalars print as Python ones."""
    item = getattr(value, "item", None)
    text = repr(item() if callable(item) and getattr(value, "ndim", 1) == 0 else value)
    return text if len(text) <= 80 else f"{text[:77]}..."
