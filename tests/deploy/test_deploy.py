"""The image and the manifests: each check sees a planted mistake, and the files agree with the server."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from meanrev_server import config

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
DOCKERFILE = ROOT / "Dockerfile.cuda"

pytestmark = pytest.mark.skipif(not DEPLOY.is_dir(), reason="needs the checkout, and this run has the wheel alone")

CHECKS = {
    DOCKERFILE: ["hadolint"],
    DEPLOY / "compose.yaml": ["check-jsonschema", "--builtin-schema", "vendor.compose-spec"],
    DEPLOY / "compose.tls.yaml": ["check-jsonschema", "--builtin-schema", "vendor.compose-spec"],
    DEPLOY / "kubernetes.yaml": ["kubernetes-validate", "--strict", "--quiet"],
    DEPLOY / "meanrev.service": ["systemd-analyze", "verify"],
    DEPLOY / "batch/kubernetes.yaml": ["kubernetes-validate", "--strict", "--quiet"],
    DEPLOY / "batch/meanrev-batch.service": ["systemd-analyze", "verify"],
    DEPLOY / "batch/submit.sh": ["bash", "-n"],
    DEPLOY / "batch/shard.sbatch": ["bash", "-n"],
    DEPLOY / "batch/gather.sbatch": ["bash", "-n"],
}
MISTAKES = [
    (DOCKERFILE, "python:3.12-slim AS both", "python AS both", "DL3006"),
    (DOCKERFILE, "install --yes", "install", "DL3014"),
    (DOCKERFILE, "USER 10001:10001", "USER root", "DL3002"),
    (DEPLOY / "compose.yaml", "read_only: true", "readonly: true", "readonly"),
    (DEPLOY / "compose.yaml", "count: 1", "count: [1]", "count"),
    (DEPLOY / "compose.tls.yaml", "healthcheck:", "healthchek:", "healthchek"),
    (DEPLOY / "kubernetes.yaml", "fsGroup: 10001", "fsGrp: 10001", "fsGrp"),
    (DEPLOY / "kubernetes.yaml", "terminationGracePeriodSeconds: 40", "terminationGraceSeconds: 40", "Additional"),
    (DEPLOY / "kubernetes.yaml", "replicas: 2", "replicas: two", "replicas"),
    (DEPLOY / "meanrev.service", "DynamicUser=yes", "DynamicUsr=yes", "DynamicUsr"),
    (DEPLOY / "batch/kubernetes.yaml", "completions: 4", "completion: 4", "completion"),
    (DEPLOY / "batch/kubernetes.yaml", "backoffLimitPerIndex: 3", "backoffLimitPerIndex: many", "backoffLimitPerIndex"),
    (DEPLOY / "batch/meanrev-batch.service", "KillMode=mixed", "KillMode=mild", "kill mode"),
    (DEPLOY / "batch/submit.sh", "job=$(sbatch", "job=$(sbatch (", "syntax error"),
]


def tool(file):
    """Return the check of a file as a command, or skip where its program is not installed."""
    name, *words = CHECKS[file]
    path = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if path is None:
        pytest.skip(f"needs {name}: `make check` sets it up, but for systemd's")
    return [path, *words]


def run(file, place):
    command = tool(file)
    if file.suffix == ".service":  # which also looks for the program that it starts
        text = place.read_text(encoding="utf-8")
        text = re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", text, flags=re.MULTILINE)
        place.write_text(text, encoding="utf-8")
    done = subprocess.run([*command, str(place)], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def copied(file, folder):
    return Path(shutil.copy(file, folder / file.name))


@pytest.mark.parametrize("file", CHECKS, ids=lambda file: file.name)
def test_a_file_passes_its_check(file, tmp_path):
    code, said = run(file, copied(file, tmp_path))
    assert code == 0, said
    assert file.suffix != ".service" or not said


@pytest.mark.parametrize(
    ("file", "right", "wrong", "named"), MISTAKES, ids=lambda value: value.name if isinstance(value, Path) else None
)
def test_a_planted_mistake_is_caught(file, right, wrong, named, tmp_path):
    place = copied(file, tmp_path)
    text = place.read_text(encoding="utf-8")
    assert right in text
    place.write_text(text.replace(right, wrong), encoding="utf-8")
    code, said = run(file, place)
    assert code != 0 or file.suffix == ".service"  # systemd warns, and starts the unit
    assert named in said


def found(pattern, file):
    return re.findall(pattern, file.read_text(encoding="utf-8"), re.MULTILINE)


def test_whoever_stops_the_server_waits_longer_than_it_takes():
    grace = config.Settings().grace_s + 1
    (drain,) = found(r"sleep:\n\s+seconds: (\d+)", DEPLOY / "kubernetes.yaml")
    (pod,) = found(r"terminationGracePeriodSeconds: (\d+)", DEPLOY / "kubernetes.yaml")
    (compose,) = found(r"stop_grace_period: (\d+)s", DEPLOY / "compose.yaml")
    (unit,) = found(r"^TimeoutStopSec=(\d+)", DEPLOY / "meanrev.service")
    assert int(pod) > grace + int(drain)
    assert min(int(compose), int(unit)) > grace


@pytest.mark.parametrize("file", [DOCKERFILE, DEPLOY / "meanrev.service"], ids=lambda file: file.name)
def test_every_variable_is_a_setting_that_the_server_takes(file):
    variables = dict(found(r"(MEANREV_[A-Z_]+)=([^\s\\]+)", file))
    assert config.load(None, variables, {"insecure": True})
    assert {"MEANREV_LOG", "MEANREV_KERNEL_CACHE"} <= set(variables)


def test_kubernetes_adds_no_variables_of_its_own():
    """It would add MEANREV_PORT for a Service of this name, and the server refuses what it does not know."""
    with pytest.raises(config.ConfigError, match="unknown setting 'port'"):
        config.load(None, {"MEANREV_PORT": "tcp://10.0.0.1:50051"}, {})
    assert found(r"enableServiceLinks: (\w+)", DEPLOY / "kubernetes.yaml") == ["false"]


def test_memory_settings_are_the_same_with_and_without_a_container_and_taken_by_glibc():
    image, unit = (dict(found(r"(MALLOC_[A-Z_]+)=(\d+)", file)) for file in (DOCKERFILE, DEPLOY / "meanrev.service"))
    assert len(image) == 3
    assert image == unit
    assert int(image["MALLOC_MMAP_THRESHOLD_"]) <= 32 * 1024**2  # glibc ignores a larger one


def test_no_file_names_an_index_or_a_host_of_packages():
    files = [DOCKERFILE, *DEPLOY.iterdir(), *(ROOT / "requirements").iterdir(), ROOT / "docs" / "image.log"]
    for file in files:
        if file.is_file():
            assert not found(
                r"https?://(?!127\.0\.0\.1|api\.osv\.dev/)|--(?:extra-)?index-url [^-]|(?:pypi|debian)\.org", file
            ), file


def test_the_build_sees_what_the_wheel_is_made_from_and_no_more():
    seen = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"}
    assert {"gpu_kernels", "proto", "server", "client", "batch"} <= seen
    assert all((ROOT / name).exists() for name in seen)
    assert not seen & {"tests", "docs", "bench", ".git"}
