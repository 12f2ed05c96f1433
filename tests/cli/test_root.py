"""The command itself: its subcommands, its version, and what it says where the extra is missing."""

import subprocess
import sys
from pathlib import Path

import pytest

from meanrev_cli.root import COMMANDS


def test_help_lists_every_command(run):
    result = run("--help")
    assert result.exit_code == 0
    for name in COMMANDS:
        assert f"  {name} " in result.stdout


GROUPS = {
    "jobs": ("list", "watch", "fetch", "cancel"),
    "batch": ("scan", "sweep", "fit", "plan", "status", "gather", "clean"),
}
"""The commands of commands that are groups."""


@pytest.mark.parametrize(
    "command",
    [
        *(name for name in COMMANDS if name not in GROUPS),
        *(f"{group} {name}" for group, names in GROUPS.items() for name in names),
    ],
)
def test_every_command_takes_the_shared_flags(run, command):
    result = run(*command.split(), "--help")
    assert result.exit_code == 0
    for flag in ("--config", "--json", "-v, --verbose"):
        assert flag in result.stdout


def test_version_is_the_installed_one(run):
    from importlib.metadata import version

    assert run("--version").stdout.strip() == f"meanrev {version('meanrev')}"


@pytest.mark.parametrize("words", [["sweeep"], ["serve", "--lisen", "x"], ["serve", "--backend", "abacus"]])
def test_a_word_it_does_not_know_is_a_usage_error(run, words):
    result = run(*words)
    assert result.exit_code == 2
    assert words[-1] in result.stderr or words[1] in result.stderr


@pytest.mark.parametrize("package", ["click", "rich", "msgspec", "uvloop", "grpc_health"])
def test_without_the_server_extra_it_says_what_to_install(package):
    program = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from meanrev_cli.__main__ import main\n"
        "sys.exit(main(['serve', '--listen', '127.0.0.1:0']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"needs {package}" in done.stderr
    assert "pip install '.[server]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_help_loads_no_grpc_and_no_numpy():
    program = (
        "import sys\nfrom meanrev_cli.root import meanrev\n"
        "try:\n    meanrev(['--help'])\nexcept SystemExit:\n    pass\n"
        "loaded = {'grpc', 'numpy', 'msgspec'} & set(sys.modules)\nsys.exit(f'loaded {loaded}' if loaded else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.faults
@pytest.mark.parametrize("words", [["config"], ["config", "--json"], ["serve", "--listen", "127.0.0.1:0"]])
def test_a_full_disk_is_a_sentence(words):
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "meanrev_cli", *words]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=30)
    assert done.returncode == 1
    assert "meanrev: cannot write to stdout: No space left on device" in done.stderr


def test_a_reader_that_leaves_early_is_told_nothing():
    command = [sys.executable, "-m", "meanrev_cli", "config", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 1
