"""`meanrev health`: what a probe sees."""

import json
import subprocess
import sys


def test_a_server_that_serves(run, server):
    result = run("health", server)
    assert result.exit_code == 0
    assert result.stdout.strip() == "SERVING"


def test_one_service(run, server):
    assert run("health", server, "--service", "meanrev.MeanRevService").exit_code == 0
    result = run("health", server, "--service", "meanrev.Nonsense")
    assert result.exit_code == 4
    assert "has no service" in result.stderr


def test_json(run, server):
    answer = json.loads(run("health", server, "--json").stdout)
    assert answer["address"] == server
    assert answer["status"] == "SERVING"
    assert answer["ms"] > 0


def test_no_server(run, closed_port):
    result = run("health", closed_port, "--timeout", "0.5")
    assert result.exit_code == 3
    assert closed_port in result.stderr
    assert "meanrev serve" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_host_may_come_from_the_environment_or_the_settings(run, server):
    assert run("health", env={"MEANREV_HOST": server}).exit_code == 0
    assert run("health", env={"MEANREV_LISTEN": server}).exit_code == 0


def test_a_host_without_a_port_means_the_usual_one():
    from meanrev_cli.remote import address_of
    from meanrev_cli.shared import Shared

    assert address_of(Shared(), "gpu-box") == "gpu-box:50051"
    assert address_of(Shared(), "gpu-box:1") == "gpu-box:1"
    assert address_of(Shared(), "[::1]") == "[::1]:50051"
    assert address_of(Shared(), "unix:/run/meanrev") == "unix:/run/meanrev"


def test_a_probe_does_not_import_the_server(closed_port):
    """With it, each probe would take four times the processor time."""
    source = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from meanrev_cli.root import meanrev\n"
        f"print(CliRunner().invoke(meanrev, ['health', {closed_port!r}, '--timeout', '0.2']).exit_code)\n"
        "print([name for name in ('meanrev_server', 'numpy') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split("\n") == ["3", "[]", ""], done.stderr
