"""The files of TLS and tokens, as Kubernetes, systemd and Compose give them to the server, and the probes over TLS."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

import meanrev as mr
from meanrev_cli.commands.health import health
from meanrev_cli.commands.serve import serve
from meanrev_cli.root import meanrev as cli
from meanrev_server import config
from meanrev_server.tls import certificate_of
from tests.certificates import Authority
from tests.server.serving import serving

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
KUBERNETES, COMPOSE = DEPLOY / "kubernetes.yaml", DEPLOY / "compose.tls.yaml"
UNIT, DROP_IN = DEPLOY / "meanrev.service", DEPLOY / "meanrev-tls.conf"
TOKEN = "t" * 40
PAIR = r"(MEANREV_\w+)=(\S+)"

pytestmark = pytest.mark.skipif(not DEPLOY.is_dir(), reason="needs the checkout, and this run has the wheel alone")


def found(pattern, file):
    return re.findall(pattern, file.read_text(encoding="utf-8"), re.MULTILINE)


def variables(file):
    """Return the variables that a file gives the server, by name."""
    text = file.read_text(encoding="utf-8")
    pairs = re.findall(r"- name: (MEANREV_\w+)\n\s+value: (\S+)", text)
    pairs += re.findall(r"^\s+(MEANREV_\w+): (\S+)", text, re.MULTILINE)
    pairs += [pair for line in re.findall(r"^Environment=(.+)", text, re.MULTILINE) for pair in re.findall(PAIR, line)]
    return {name: value.strip('"') for name, value in pairs}


FILES = [KUBERNETES, COMPOSE, DROP_IN, DEPLOY / "compose.yaml"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_variable_is_a_setting_that_the_server_takes(file):
    given = variables(file)
    assert len(given) >= 2
    assert config.load(None, given, {"insecure": True})


@pytest.mark.parametrize("file", [KUBERNETES, COMPOSE, DROP_IN], ids=lambda file: file.name)
def test_the_server_gets_a_pair_and_tokens_and_no_leave_to_serve_plaintext(file):
    assert {"MEANREV_TLS_CERT", "MEANREV_TLS_KEY", "MEANREV_TOKEN_FILE"} <= set(variables(file))
    assert "insecure" not in file.read_text(encoding="utf-8").lower()
    assert found(r"^ +(?:command|args): (\[serve.*\])", file) in (["[serve]"], [])


@pytest.mark.parametrize("file", [UNIT, DROP_IN], ids=lambda file: file.name)
def test_the_unit_uses_only_flags_that_serve_has(file):
    flags = {flag for option in serve.params for flag in option.opts}
    words = " ".join(found(r"^ExecStart=(.+)", file)).split()
    assert {word for word in words if word.startswith("--")} <= flags
    assert (words[1:2] == ["serve"]) is (file == UNIT)
    # A flag would take precedence over a variable of the drop-in.
    assert "--listen" not in words


def test_the_drop_in_opens_what_the_unit_closes_and_names_the_credentials_that_it_loads():
    loaded = dict(found(r"^LoadCredential=([\w.]+):(/\S+)", DROP_IN))
    named = {value.removeprefix("%d/") for value in variables(DROP_IN).values() if value.startswith("%d/")}
    assert set(loaded) == named == {"tls.crt", "tls.key", "tokens"}
    assert found(r"^IPAddressDeny=(.*)", UNIT) == ["any"]
    assert found(r"^IPAddressDeny=(.*)", DROP_IN) == [""]


def test_systemd_takes_the_drop_in_and_finds_little_exposed(tmp_path):
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("needs systemd-analyze, of systemd")
    text = re.sub(r"^ExecStart=\S+", f"ExecStart={shutil.which('true')}", UNIT.read_text("utf-8"), flags=re.MULTILINE)
    (tmp_path / UNIT.name).write_text(text)
    (tmp_path / f"{UNIT.name}.d").mkdir()
    shutil.copy(DROP_IN, tmp_path / f"{UNIT.name}.d" / "tls.conf")
    for words in (["verify"], ["security", "--offline=true", "--threshold=16", "--no-pager"]):
        done = subprocess.run(
            [program, *words, tmp_path / UNIT.name], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout[-300:]
        assert "Unknown" not in done.stderr


@pytest.mark.parametrize("file", [UNIT, DROP_IN], ids=lambda file: file.name)
def test_what_the_server_writes_outlives_it(file):
    given = variables(file)
    if file == UNIT:
        assert given["MEANREV_STATE_DIR"] == "%S/" + found(r"^StateDirectory=(.+)", UNIT)[0]
        assert found(r"^(?:State|Cache)DirectoryMode=(.+)", UNIT) == ["0700", "0700"]
    else:
        assert "MEANREV_STATE_DIR" not in given


def test_the_state_of_a_container_is_on_a_volume():
    (mount,) = found(r"- name: state\n\s+mountPath: (\S+)", KUBERNETES)
    given = variables(KUBERNETES)
    for name in ("MEANREV_STATE_DIR", "MEANREV_KERNEL_CACHE"):
        # Folders that the server makes itself: that of the volume has the group's right to write.
        assert Path(given[name]).parent == Path(mount)
    assert found(r"^  volumeClaimTemplates:", KUBERNETES)
    place = variables(DEPLOY / "compose.yaml")["MEANREV_STATE_DIR"]
    assert found(r'volumes: &volumes \[.*"state:(\S+?)"', DEPLOY / "compose.yaml") == [place]
    assert place in found(r"install --directory --mode 0700 .* (\S+)$", ROOT / "Dockerfile.cuda")


@pytest.fixture(scope="module")
def mounted(tmp_path_factory):
    """A folder for /etc/meanrev with the files that the manifest mounts there; fsGroup makes mode 0440 of 0400."""
    folder = tmp_path_factory.mktemp("etc")
    authority = Authority(tmp_path_factory.mktemp("authority"))
    names = "subjectAltName=DNS:meanrev,DNS:meanrev-0.meanrev,DNS:localhost"
    pair = authority.sign("server", extension=names)
    tokens = authority.folder / "tokens"
    tokens.write_text(f"alice {TOKEN}\n")
    secrets = {
        "tls/tls.crt": pair.cert,
        "tls/tls.key": pair.key,
        "tls/ca.crt": authority.ca,
        "tokens/tokens": tokens,
    }
    assert found(r"defaultMode: (\S+)", KUBERNETES) == ["0400", "0400"]
    for name, source in secrets.items():
        place = folder / name
        place.parent.mkdir(exist_ok=True)
        shutil.copyfile(source, place)
        place.chmod(0o440)
    return folder


def probes(file):
    """Return the words of a file's health check."""
    listed = found(r"\[(?:CMD, )?meanrev, (health, .+)\]", file)
    assert len(listed) == 1
    return [word.strip('" ') for word in listed[0].split(",")]


@pytest.mark.parametrize("file", [KUBERNETES, COMPOSE], ids=lambda file: file.name)
def test_a_probe_has_flags_that_health_has_and_waits_less_than_its_caller(file):
    context = health.make_context("health", probes(file)[1:])
    assert context.params["tls_name"] in {"meanrev", "localhost"}
    waits = [int(seconds) for seconds in found(r"timeout(?:Seconds)?: (\d+)s?$", file)]
    assert waits
    assert context.params["timeout_s"] < min(waits)


def test_the_manifests_files_and_probe_work_with_a_server(mounted, tmp_path):
    given = {name: value.replace("/etc/meanrev", str(mounted)) for name, value in variables(KUBERNETES).items()}
    given["MEANREV_METRICS"] = "127.0.0.1:0"
    given = {name: value.replace("/var/lib/meanrev", str(tmp_path)) for name, value in given.items()}
    settings = config.load(None, given, {"listen": "127.0.0.1:0", "backend": "numpy"})
    chosen = {name: getattr(settings, name) for name in settings.__struct_fields__}
    with serving(**chosen) as address:
        words = [word.replace("/etc/meanrev", str(mounted)) for word in probes(KUBERNETES)]
        words[words.index("127.0.0.1:50051")] = address
        asked = CliRunner().invoke(cli, words)
        assert (asked.exit_code, asked.stdout.strip()) == (0, "SERVING"), asked.output
        trust = mr.TlsFiles(str(mounted / "tls" / "ca.crt"), name="meanrev-0.meanrev")
        with mr.Client(address, token=TOKEN, tls=trust) as client:
            assert client.log_returns([1.0, 2.0]).n_periods == 1
        with mr.Client(address, token="x" * 40, tls=trust) as client, pytest.raises(mr.MeanRevError, match="the token"):
            client.log_returns([1.0, 2.0])


def test_a_mode_that_lets_everyone_read_is_refused(mounted, tmp_path):
    """Without fsGroup the manifest would need such a mode, as the server's user is not root."""
    key = tmp_path / "tls.key"
    shutil.copyfile(mounted / "tls" / "tls.key", key)
    key.chmod(0o444)
    assert found(r"fsGroup: (\d+)", KUBERNETES) == found(r"runAsGroup: (\d+)", KUBERNETES)
    settings = config.Settings(tls_cert=str(mounted / "tls" / "tls.crt"), tls_key=str(key))
    with pytest.raises(config.ConfigError, match="is open to every user of this machine"):
        certificate_of(settings)


def test_metrics_and_calls_are_open_to_their_own_labels_alone():
    rules = found(r"matchLabels:\n\s+(meanrev-\w+): \"true\"\n\s+ports:\n\s+- port: (\w+)", KUBERNETES)
    assert rules == [("meanrev-client", "grpc"), ("meanrev-monitor", "metrics")]
    assert found(r"policyTypes: (.+)", KUBERNETES) == ["[Ingress, Egress]"]
    assert found(r"^  egress:", KUBERNETES) == []
    assert found(r"- name: (grpc|metrics)\n\s+containerPort", KUBERNETES) == ["grpc", "metrics"]


def test_compose_mounts_each_secret_that_it_names():
    (used,) = found(r"^  secrets: \[(.+)\]", COMPOSE)
    assert used.split(", ") == found(r"^  ([\w.]+):\n    file: \$\{SECRETS:-secrets\}/\1$", COMPOSE)
    named = [*variables(COMPOSE).values(), *probes(COMPOSE)]
    assert {Path(value).name for value in named if value.startswith("/run/secrets/")} == set(used.split(", "))
