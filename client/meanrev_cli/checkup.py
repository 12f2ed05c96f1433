"""The checks of `meanrev doctor`, of this machine and this installation."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil  # type: ignore[import-untyped] # it ships no types

from gpu_kernels import backend
from gpu_kernels.compile import use_cache, use_lanes
from gpu_kernels.errors import KernelError
from meanrev.errors import InvalidInput
from meanrev.transport.address import proxy_variable, separate, targets
from meanrev_cli import known_answers
from meanrev_cli.failure import ExitCode, Failure
from meanrev_cli.settings import settings_from, ways_to_set
from meanrev_cli.shared import Shared
from meanrev_cli.versions import of_this_installation
from meanrev_server.authentication import authentication_of
from meanrev_server.config import ConfigError, Settings
from meanrev_server.machine import cpu_model
from meanrev_server.tls import certificate_of

__all__ = ["Finding", "examine", "graphics_cards"]

_ELSEWHERE = "server.invalid:50051"
"""A host that is not this machine: the proxy of all others."""

_LEAST_MEMORY = 512 * 1024**2


class Finding(NamedTuple):
    """One line of the doctor's report.

    Attributes:
        name: What was looked at.
        text: What was found.
        fix: What to do about it; "" where nothing is wrong.
        code: The exit code that it stands for; OK where nothing is wrong.
    """

    name: str
    text: str
    fix: str = ""
    code: ExitCode = ExitCode.OK


def examine(shared: Shared) -> Iterator[Finding]:
    """Run all checks, and yield the finding of each.

    Args:
        shared: Flags and environment, from which the settings of a server here follow.
    """
    yield _versions()
    settings = Settings()
    try:
        settings = settings_from(shared, {})
        yield Finding("settings", f"listen {settings.listen}, backend {settings.backend}; `meanrev config` shows all")
    except Failure as failure:
        yield Finding("settings", failure.message, "correct that setting", ExitCode.USAGE)
    yield from _access(settings)
    if settings.kernel_cache:
        use_cache(Path(settings.kernel_cache))
    if settings.lanes:
        use_lanes(settings.lanes)
    yield _backend(settings)
    yield from _backends(settings)
    yield from _kernels()
    yield _gpu()
    yield _cpu(settings)
    yield _memory(settings)
    yield _port(settings.listen)
    yield from _proxy(shared)


def _access(settings: Settings) -> Iterator[Finding]:
    """Read the certificate and the tokens as a server would at its start."""
    try:
        certificate, asked = certificate_of(settings), authentication_of(settings)
    except ConfigError as error:
        yield Finding("access", str(error), "correct that file, or the setting that names it", ExitCode.USAGE)
        return
    if asked.tokens is not None:
        callers = f"callers with {len(asked.tokens.value)} tokens"
    else:
        callers = "callers with a certificate" if asked.certificates else "every caller"
    if asked.revoked is not None:
        callers += f", but not with one of {sum(map(len, asked.revoked.value))} revoked names and certificates"
    yield Finding("access", f"{'plaintext' if certificate is None else 'TLS'}, for {callers}")


def graphics_cards() -> list[str]:
    """Return a line for each NVIDIA card that the driver shows; empty where there is none."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return [str(path) for path in sorted(Path("/dev").glob("nvidia[0-9]*"))]
    query = [program, "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=10, check=False)  # noqa: S603 - fixed words
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line.strip() for line in answer.stdout.splitlines() if line.strip()] if answer.returncode == 0 else []


def _versions() -> Finding:
    versions = of_this_installation()
    return Finding("versions", ", ".join(f"{name} {version}" for name, version in versions.items()))


def _backend(settings: Settings) -> Finding:
    try:
        chosen = backend.choose(settings.backend)
    except KernelError as error:
        return Finding("backend", str(error), f"{ways_to_set('backend')} chooses another", ExitCode.DEVICE)
    return Finding("backend", f"{chosen.name} ({chosen.reason}); its self-test passed")


def _backends(settings: Settings) -> Iterator[Finding]:
    """Check whether each backend runs here, and what would help; only the one asked for must."""
    for found in backend.probe():
        code = ExitCode.DEVICE if not found.usable and found.name == settings.backend else ExitCode.OK
        text = found.reason if found.usable else f"not usable: {found.reason} ({found.fix})"
        yield Finding(f"  {found.name}", text, found.fix if code else "", code)


def _kernels() -> Iterator[Finding]:
    wrong = []
    checked = list(known_answers.check())
    for answer in checked:
        if not answer.right:
            wrong.append(answer)
            text = f"{answer.question}: {answer.computed!r}, and {answer.expected!r} is right"
            yield Finding("kernels", text, "reinstall numpy and meanrev; then report it", ExitCode.DEVICE)
    if not wrong:
        worst = max(answer.error for answer in checked)
        yield Finding("kernels", f"{len(checked)} known answers reproduced, largest relative error {worst:.0e}")


def _gpu() -> Finding:
    cards = graphics_cards()
    found = "; ".join(cards) if cards else "none detected"
    return Finding("GPU", found)


def _cpu(settings: Settings) -> Finding:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else psutil.cpu_count() or 1
    text = f"{cpu_model()}, {usable} usable; {settings.compute_threads} compute threads"
    if settings.compute_threads > 4 * usable:
        fix = f"lower {ways_to_set('compute_threads')} to about {usable}"
        return Finding("CPU", text, fix, ExitCode.USAGE)
    return Finding("CPU", text)


def _memory(settings: Settings) -> Finding:
    memory = psutil.virtual_memory()
    text = f"{memory.available / 1024**3:.1f} of {memory.total / 1024**3:.1f} GiB free"
    if memory.available < max(_LEAST_MEMORY, 4 * settings.max_message_bytes):
        return Finding("memory", text, f"free some, or lower {ways_to_set('max_message_bytes')}", ExitCode.DEVICE)
    return Finding("memory", text)


def _proxy(shared: Shared) -> Iterator[Finding]:
    """Name a proxy that a client here goes through: no fault, but a likely cause where no server answers."""
    host = (shared.environ.get("MEANREV_HOST") or "").strip()
    try:
        address = targets(host, "MEANREV_HOST") if host else _ELSEWHERE
    except InvalidInput as error:
        yield Finding("proxy", str(error), "correct MEANREV_HOST", ExitCode.USAGE)
        return
    variable = next(filter(None, (proxy_variable(one, shared.environ) for one in separate(address))), "")
    if variable:
        where = host or "servers on other machines"
        text = f"{where}: called through the proxy that {variable} names, unless no_proxy lists the host"
        yield Finding("proxy", f"{text}; this machine and unix sockets are called directly")


def _port(listen: str) -> Finding:
    if listen.startswith("unix:"):
        folder = Path(listen.removeprefix("unix:")).parent
        if os.access(folder, os.W_OK):
            return Finding("address", f"{listen}: its folder is writable")
        return Finding(
            "address", f"{listen}: cannot write there", f"{ways_to_set('listen')} names another", ExitCode.NO_SERVER
        )
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, int(port)))
    except OSError as error:
        fix = f"stop what listens there (see `meanrev health {listen}`), or {ways_to_set('listen')}"
        return Finding("address", f"{listen}: {os.strerror(error.errno or 0)}", fix, ExitCode.NO_SERVER)
    return Finding("address", f"{listen} can be listened on")
