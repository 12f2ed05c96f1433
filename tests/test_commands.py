"""The commands of docs/security.md and docs/deploy.md work as they are written, and the words of all pages exist."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from click import NoSuchOption
from click.testing import CliRunner

from meanrev_cli.root import meanrev as cli
from meanrev_server.authentication import authentication_of
from meanrev_server.config import load
from meanrev_server.tls import certificate_of

ROOT = Path(__file__).resolve().parent.parent
SECURITY, DEPLOY = ROOT / "docs" / "security.md", ROOT / "docs" / "deploy.md"
RUN_HERE = {"openssl", "printf", "chmod", "mv", "touch", "echo"}
NEEDS_A_MACHINE = {
    "cd",
    "python3",
    ".venv/bin/pip",
    "cp",
    "install",
    "chown",
    "systemctl",
    "docker",
    "PUBLISH=0.0.0.0",
    "kubectl",
}
"""They change the machine or need one of a kind; only the files of the project that they name are checked."""

pytestmark = pytest.mark.skipif(not SECURITY.is_file(), reason="needs the checkout, and this run has the wheel alone")


def commands(page):
    """Return the lines of a page's shell blocks, without comments and with continued lines joined."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [re.sub(r"\s{2,}#.*", "", line) for line in "".join(blocks).replace("\\\n", "").splitlines()]
    return [line for line in lines if line]


def one_of_ours(words, place, monkeypatch):
    """Run a command of ours, or read its words as it does where it would serve or call."""
    words, _, target = " ".join(words).partition(" >> ")
    words = words.split()
    monkeypatch.chdir(place)
    command = cli.get_command(None, words[0])
    assert command is not None, words
    context = command.make_context(words[0], words[1:])
    if words[0] == "serve":
        given = {name: value for name, value in context.params.items() if value is not None and name != "shared"}
        settings = load(None, {}, {name: value for name, value in given.items() if name not in SHARED})
        assert certificate_of(settings) is not None
        assert authentication_of(settings) is not None
    elif words[0] == "token":
        said = CliRunner().invoke(cli, words)
        assert said.exit_code == 0, said.output
        with (place / target).open("a") as file:
            file.write(said.stdout)


SHARED = {"as_json", "config", "verbose", "traceback", "quiet"}


def in_order(page, place, monkeypatch):
    """Run the commands of a page in a folder; returns how many ran."""
    ran = 0
    for line in commands(page):
        first, *words = shlex.split(line)
        if first.removeprefix(".venv/bin/") == "meanrev":
            one_of_ours(words, place, monkeypatch)
        elif first in RUN_HERE and "/etc/" not in line and "deploy/" not in line:
            done = subprocess.run(
                ["bash", "-ec", line], cwd=place, capture_output=True, text=True, timeout=60, check=False
            )
            assert done.returncode == 0, f"{line}: {done.stderr}"
            ran += 1
        else:
            assert first in NEEDS_A_MACHINE | RUN_HERE, line
            for file in re.findall(r"\b(?:deploy|requirements)/[\w./-]+\.\w+", line):
                assert (ROOT / file).is_file() or file.startswith("deploy/secrets/"), line
    return ran


def test_the_commands_of_the_pages_work_one_after_the_other(tmp_path, monkeypatch):
    (tmp_path / "docs").mkdir()
    assert in_order(SECURITY, tmp_path, monkeypatch) >= 12
    settings = load(None, {}, {"tls_cert": "tls.crt", "tls_key": "tls.key", "tls_client_ca": "ca.pem"})
    assert certificate_of(settings).value.chain == (tmp_path / "tls.crt").read_bytes()
    revoked = authentication_of(load(None, {}, {**FILES, "revoked_file": "revoked"})).revoked.value
    assert revoked.names == {"mallory"}
    assert len(revoked.fingerprints) == 1
    assert in_order(DEPLOY, tmp_path, monkeypatch) >= 3
    names = ["openssl", "x509", "-in", "tls.crt", "-noout", "-ext", "subjectAltName"]
    shown = subprocess.run(names, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "DNS:meanrev, DNS:meanrev-0.meanrev" in shown


FILES = {"tls_cert": "tls.crt", "tls_key": "tls.key", "tls_client_ca": "ca.pem"}

PAGES = [
    page
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    if page not in {SECURITY, DEPLOY} and page.parent.name != "decisions"
]
OURS = re.compile(r"^(?:\S*/)?meanrev (.+)$")
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def ours(page):
    """Return the words of each command of ours in a page's shell blocks, up to a redirection."""
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    lines = [
        line for kind, block in FENCED.findall(text) if not kind for line in block.replace("\\\n", "").splitlines()
    ]
    found = [OURS.match(line) for line in lines]
    return [shlex.split(one[1].partition(" >")[0], comments=True) for one in found if one]


def parsed(group, words):
    """Parse words as the command line does, a group's further words by its own command."""
    name, *rest = words
    command = group.get_command(None, name)
    assert command is not None, name
    context = command.make_context(name, rest)
    further = [*context._protected_args, *context.args]
    if further and hasattr(command, "get_command"):
        parsed(command, further)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if ours(page)] or [None], ids=lambda page: page.stem if page else "none"
)
def test_the_words_of_every_command_are_ones_that_it_has(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for words in ours(page):
        for word in words:
            if Path(word).suffix in {".csv", ".parquet"}:
                (tmp_path / word).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / word).touch()
        parsed(cli, words)


def test_a_word_that_a_command_does_not_have_is_found():
    with pytest.raises(NoSuchOption, match="--topp"):
        parsed(cli, ["scan", "--topp", "20"])
    with pytest.raises(NoSuchOption, match="--shards"):
        parsed(cli, ["batch", "scan", "--shards", "1/2"])
