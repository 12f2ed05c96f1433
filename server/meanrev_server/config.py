"""Settings: flags override MEANREV_* variables, and these a TOML file; app passes one frozen value down.

Nothing here reads the environment; the caller passes it.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from gpu_kernels.choices import suggestion
from meanrev_server import rules
from meanrev_server.addresses import address_of, is_loopback
from meanrev_server.contradictions import contradiction
from meanrev_server.errors import ConfigError, setting_named

__all__ = ["ConfigError", "Settings", "load", "needs_tls", "origins"]

_PREFIX = "MEANREV_"
_OF_THE_CLIENT = frozenset(
    {"host", "config", "timeout", "traceback", "token", "tls_ca", "tls_name", "tls_client_cert", "tls_client_key"}
)


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All settings of a server.

    Attributes:
        listen: HOST:PORT (port 0 picks a free one) or unix:/path.
        backend: Where the maths runs; "auto" picks the best that passes its self-test.
        insecure: Allows plaintext on an address that is not loopback.
        tls_cert: File of the server's certificate and those that lead to the CA, in PEM; "" serves in plaintext.
        tls_key: File of its private key.
        tls_client_ca: File of the CA that must have signed the certificates of clients; "" asks them for none.
        token_file: File of the bearer tokens that are accepted, a name and a token (or sha256: and its digest) a line;
            "" asks for none.
        revoked_file: File of the certificates of clients that are refused although tls_client_ca has signed them, by
            SHA-256 fingerprint or by name; "" refuses none.
        grace_s: Seconds that in-flight calls are given on a stop.
        compute_threads: Computations that run at once.
        worker: What they run in: threads of this process, or a child process that is started again when it ends; "auto"
            gives a GPU to a child.
        worker_patience_s: Seconds after which a child process that does not answer is killed and started again.
        max_batch_size: Most small calls of one kind that are computed together; 1 turns batching off.
        max_queue_delay_us: Microseconds that such a call waits for others while the compute side is idle.
        max_queue_calls: Computations that may wait for a compute thread.
        max_queue_bytes: Bytes of requests whose computations may wait.
        max_calls_in_flight: Most calls and open streams at once; health and reflection do not count.
        max_bytes_in_flight: Bytes of their requests, of the matrices that arrive in chunks, as float64, and of the
            memory that computing them takes.
        max_work_in_flight: Steps of their computations: bars times cells or pairs, or multiplications.
        max_reply_bytes_in_flight: Bytes of replies that clients have not taken yet.
        identity_share: Part of each of these limits that the callers of one identity may hold together.
        message_timeout_s: Seconds for a request, or for the next chunk of a matrix, to come whole; 0 is any time.
        idle_timeout_s: Seconds between the messages of any other stream; a week by default, so that a stream of prices
            outlasts weekends and holidays; 0 is any time.
        write_timeout_s: Seconds for a client to take a reply, and as many again for each 16 MiB of it; then its
            connection is closed; 0 is any time.
        default_deadline_s: Seconds within which the computation of a single-message call must begin, where its client
            sets no deadline; 0 is any time.
        retry_pushback_ms: Milliseconds after which a refused call may be made again, on average.
        kernel_threads: Threads that one computation's compiled kernel may use; 0 is one a CPU.
        blas_threads: Threads that a matrix product or a spectrum may use, in `meanrev serve` and in a child; 0 shares
            the CPUs among compute_threads.
        kernel_cache: Folder of compiled kernels; "" is the user's cache folder.
        lanes: Numbers that a vector of a compiled kernel holds, for tests of kernels; 0 is what the CPU's vectors hold.
            Results are the same to the last bit.
        device: Number of the GPU that backend "cuda" uses, the first one of several.
        gpus: GPUs that it uses, a worker each.
        gpu_memory: Fraction of its memory that may be used.
        max_message_bytes: Largest message in either direction.
        max_matrix_bytes: Largest matrix that may arrive in chunks, as float64.
        max_jobs: Jobs that are kept, at work or finished.
        max_result_bytes: Results that are kept for jobs, in all; a job whose result may be larger is refused.
        state_dir: Directory in which portfolios, marks, jobs and kept matrices outlive the server; "" keeps them in
            memory.
        max_state_bytes: Bytes of stored portfolios and marks, and of the inputs of jobs at work in state_dir.
        kept_matrix_bytes: Bytes of memory of the matrices that PutMatrix keeps; 0 keeps none.
        kept_disk_bytes: Bytes of these matrices in state_dir, which has those that memory has not too.
        state_share: Fraction of max_state_bytes, max_jobs, max_result_bytes, kept_matrix_bytes and kept_disk_bytes that
            one caller may take, where callers have identities.
        mark_ttl_s: Seconds after which the last price of an asset expires.
        max_connections: Connections at once; fewer where the limit of open files does not allow as many.
        connection_idle_s: Seconds after which a connection without calls is closed; 0 is never.
        max_concurrent_streams: Calls in flight on one connection.
        max_assets_per_stream: Asset ids one stream may carry.
        log: Rendering of log lines on stderr.
        log_level: Least severe level that is logged.
        call_log: Calls that get a log line at their end: "all", "slow" ones, or none ("off"); "auto" is all where log
            is "json", and the slow ones otherwise.
        slow_call_ms: Milliseconds from which on a call is slow, and its line a warning; 0 is never. Of a stream, whose
            length its caller chooses, only the time counts that its computations waited.
        metrics: HOST:PORT where Prometheus reads metrics, port 0 for a free one; "" is nowhere.
        dashboard: HOST:PORT where browsers open the dashboard, likewise; with TLS where other machines reach it.
        tracing: Where OpenTelemetry spans go: nowhere, or to the collector that the variables OTEL_* name.
        channelz: HOST:PORT of this machine for gRPC's own view of connections and sockets; "" is nowhere.
    """

    listen: str = "127.0.0.1:50051"
    backend: Literal["auto", "cuda", "native", "numpy"] = "auto"
    insecure: bool = False
    tls_cert: str = ""
    tls_key: str = ""
    tls_client_ca: str = ""
    token_file: str = ""
    revoked_file: str = ""
    grace_s: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 20.0
    compute_threads: Annotated[int, msgspec.Meta(ge=1, le=256)] = 2
    worker: Literal["auto", "thread", "process"] = "auto"
    worker_patience_s: Annotated[float, msgspec.Meta(ge=1, le=3600)] = 10.0
    max_batch_size: Annotated[int, msgspec.Meta(ge=1, le=4096)] = 64
    max_queue_delay_us: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    max_queue_calls: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 2048
    max_queue_bytes: Annotated[int, msgspec.Meta(ge=4096)] = 512 * 1024 * 1024
    max_calls_in_flight: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 4096
    max_bytes_in_flight: Annotated[int, msgspec.Meta(ge=4096)] = 4 * 1024**3
    max_work_in_flight: Annotated[int, msgspec.Meta(ge=1)] = 10**13
    max_reply_bytes_in_flight: Annotated[int, msgspec.Meta(ge=4096)] = 512 * 1024 * 1024
    identity_share: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.5
    message_timeout_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 60.0
    idle_timeout_s: Annotated[float, msgspec.Meta(ge=0, le=31_536_000)] = 604_800.0
    write_timeout_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 60.0
    default_deadline_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 300.0
    retry_pushback_ms: Annotated[int, msgspec.Meta(ge=1, le=60_000)] = 200
    kernel_threads: Annotated[int, msgspec.Meta(ge=0, le=1024)] = 0
    blas_threads: Annotated[int, msgspec.Meta(ge=0, le=1024)] = 0
    kernel_cache: str = ""
    lanes: Literal[0, 2, 4, 8] = 0
    device: Annotated[int, msgspec.Meta(ge=0)] = 0
    gpus: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    gpu_memory: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.9
    max_message_bytes: Annotated[int, msgspec.Meta(ge=4096, le=2**31 - 1)] = 64 * 1024 * 1024
    max_matrix_bytes: Annotated[int, msgspec.Meta(ge=4096)] = 2 * 1024**3
    max_jobs: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1000
    max_result_bytes: Annotated[int, msgspec.Meta(ge=0)] = 1024**3
    state_dir: str = ""
    max_state_bytes: Annotated[int, msgspec.Meta(ge=0)] = 4 * 1024**3
    kept_matrix_bytes: Annotated[int, msgspec.Meta(ge=0)] = 2 * 1024**3
    kept_disk_bytes: Annotated[int, msgspec.Meta(ge=0)] = 16 * 1024**3
    state_share: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.5
    mark_ttl_s: Annotated[float, msgspec.Meta(gt=0)] = 604_800.0
    max_connections: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 4096
    connection_idle_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 300.0
    max_concurrent_streams: Annotated[int, msgspec.Meta(ge=1, le=65536)] = 256
    max_assets_per_stream: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 10_000
    log: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    call_log: Literal["auto", "all", "slow", "off"] = "auto"
    slow_call_ms: Annotated[float, msgspec.Meta(ge=0, le=86_400_000)] = 5000.0
    metrics: str = ""
    dashboard: str = ""
    tracing: Literal["off", "otlp"] = "off"
    channelz: str = ""

    def check(self) -> None:
        """Check what the types of the fields cannot express.

        Raises:
            ConfigError: listen, dashboard, metrics or channelz is not an address, or listen or dashboard is reachable
                from outside in plaintext without insecure or with tokens, or channelz from outside, or two settings
                contradict each other.
        """
        if conflict := contradiction(self):
            raise ConfigError(conflict)
        if self.metrics:
            address_of("metrics", self.metrics)
        if self.channelz and not is_loopback(address_of("channelz", self.channelz).host):
            rule = "must be on a loopback address, because it asks callers for no token"
            raise ConfigError(f"channelz {rule}, got {self.channelz!r}")
        if self.dashboard:
            self._check_dashboard(address_of("dashboard", self.dashboard).host)
        if not self.listen.startswith("unix:"):
            host = address_of("listen", self.listen, " or unix:/path").host
            self._check_plaintext("listen", host, " or a unix socket")

    def _check_dashboard(self, host: str) -> None:
        if self.tls_client_ca and not is_loopback(host):
            raise ConfigError(
                f"dashboard = {self.dashboard!r} must be on a loopback address where tls_client_ca is set, because it "
                "asks browsers for tokens and for no certificate",
            )
        self._check_plaintext("dashboard", host, "")

    def _check_plaintext(self, setting: str, host: str, otherwise: str) -> None:
        if self.tls_cert or is_loopback(host):
            return
        value = getattr(self, setting)
        if self.token_file:
            raise ConfigError(
                f"token_file = {self.token_file!r} would let tokens travel in plaintext to {setting} = {value!r}; "
                f"{setting_named('tls_cert')} and tls_key encrypt them, and a loopback address{otherwise} keeps "
                "them on this machine",
            )
        if not self.insecure:
            raise ConfigError(
                f"{setting} = {value!r} is reachable from other machines in plaintext; "
                "use a loopback address, serve TLS (tls_cert and tls_key), or say --insecure (insecure = true) if the "
                "network is trusted",
            )

    @property
    def exposed(self) -> bool:
        """Whether other machines can reach the server, or its dashboard, in plaintext."""
        given = {"listen": self.listen, "dashboard": self.dashboard}
        over_tcp = [each for each in given.items() if each[1] and not each[1].startswith("unix:")]
        return not self.tls_cert and not all(is_loopback(address_of(*each).host) for each in over_tcp)


def needs_tls(settings: Settings, host: str) -> bool:
    """Tell whether the dashboard is served with TLS: wherever other machines reach it, and there is a certificate.

    Args:
        settings: All settings.
        host: That it listens on.
    """
    return bool(settings.tls_cert) and not is_loopback(host)


def load(path: Path | None, environ: Mapping[str, str], flags: Mapping[str, Any]) -> Settings:
    """Merge the three sources into checked settings.

    Args:
        path: A TOML file, or None.
        environ: Environment variables; only MEANREV_<SETTING> are looked at, an unknown one is refused.
        flags: Settings given on the command line; None means not given.

    Raises:
        ConfigError: the file cannot be read, a key is unknown, or a value breaks its rule.
    """
    merged: dict[str, Any] = {}
    if path is not None:
        merged.update(_file(path))
    merged.update(_variables(environ))
    merged.update({name: value for name, value in flags.items() if value is not None})
    unknown = sorted(set(merged) - set(Settings.__struct_fields__))
    if unknown:
        advice = suggestion(unknown[0], Settings.__struct_fields__)
        known = ", ".join(Settings.__struct_fields__)
        raise ConfigError(f"unknown setting {unknown[0]!r}; the settings are: {known}{'; ' + advice if advice else ''}")
    try:
        settings = msgspec.convert(merged, Settings, strict=False)
    except msgspec.ValidationError as error:
        name, rule, value = rules.broken(error, Settings, merged)
        raise ConfigError(f"{name}: {rule}, got {value!r}") from None
    settings.check()
    return settings


def origins(path: Path | None, environ: Mapping[str, str]) -> dict[str, str]:
    """Say where each setting's value comes from: "default", the file's path, or the variable's name.

    Args:
        path: As given to load.
        environ: As given to load.

    Raises:
        ConfigError: the file cannot be read.
    """
    came_from = dict.fromkeys(Settings.__struct_fields__, "default")
    if path is not None:
        came_from.update(dict.fromkeys(_file(path), str(path)))
    came_from.update({name: f"{_PREFIX}{name.upper()}" for name in _variables(environ)})
    return came_from


def _file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # editors on Windows write a byte-order mark
    except OSError as error:
        raise ConfigError(f"cannot read the configuration file {str(path)!r}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"the configuration file {str(path)!r} is not UTF-8 text; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"the configuration file {str(path)!r} is not valid TOML: {error}") from None


def _variables(environ: Mapping[str, str]) -> dict[str, str]:
    names = {name.removeprefix(_PREFIX).lower(): value for name, value in environ.items() if name.startswith(_PREFIX)}
    return {name: value for name, value in names.items() if name not in _OF_THE_CLIENT}
