"""Settings as the command line sees them: merged, checked, and each with the place that it came from."""

from collections.abc import Mapping
from typing import Any

from meanrev_cli.failure import ExitCode, Failure
from meanrev_cli.shared import Shared
from meanrev_server import config

__all__ = ["settings_from", "ways_to_set"]

_FLAGS = {
    "listen": "--listen",
    "backend": "--backend",
    "insecure": "--insecure",
    "tls_cert": "--tls-cert",
    "tls_key": "--tls-key",
    "tls_client_ca": "--tls-client-ca",
    "token_file": "--token-file",
    "revoked_file": "--revoked-file",
    "grace_s": "--grace",
    "compute_threads": "--compute-threads",
    "state_dir": "--state-dir",
    "metrics": "--metrics",
    "dashboard": "--dashboard",
    "log": "--log",
    "log_level": "--log-level",
}


def settings_from(shared: Shared, flags: Mapping[str, Any]) -> config.Settings:
    """Return checked settings.

    Args:
        shared: Names the file, and has the environment.
        flags: Settings given as flags; None means not given.

    Raises:
        Failure: a setting breaks its rule; exit code USAGE.
    """
    try:
        return config.load(shared.config, shared.environ, flags)
    except config.ConfigError as error:
        name = str(error).partition(":")[0]
        ways = f"; {ways_to_set(name)} sets it" if name in config.Settings.__struct_fields__ else ""
        raise Failure(ExitCode.USAGE, f"{error}{ways}") from None


def ways_to_set(setting: str) -> str:
    """Return the ways to set a setting, as a phrase: "--listen (or MEANREV_LISTEN, or listen in --config)"."""
    variable, key = f"MEANREV_{setting.upper()}", f"{setting} in the --config file"
    flag = _FLAGS.get(setting)
    return f"{flag} (or {variable}, or {key})" if flag else f"{variable} (or {key})"
