"""Commands over TLS with tokens and certificates, the token maker, and what `serve` refuses at its start."""

import json
import os
import re
import stat

import pytest

from tests.certificates import CLIENT, Authority
from tests.cli.conftest import start, stop
from tests.cli.universe import prices, write

OK, USAGE, NO_SERVER = 0, 2, 3
PRICES = '{"prices": [1, 2, 4]}'


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def token(tmp_path_factory):
    """The file with alice's token, made as a user makes it; the server's file is beside it."""
    from click.testing import CliRunner

    from meanrev_cli.root import meanrev

    folder = tmp_path_factory.mktemp("tokens")
    made = CliRunner().invoke(meanrev, ["token", "alice", "--save", str(folder / "alice")])
    assert (made.exit_code, made.stderr) == (OK, "")
    (folder / "tokens").write_text(made.stdout)
    (folder / "tokens").chmod(0o600)
    return folder / "alice"


@pytest.fixture(scope="module")
def secured(authority, token):
    """A server with TLS and tokens."""
    pair = authority.sign("server")
    words = ("--tls-cert", pair.cert, "--tls-key", pair.key, "--token-file", token.parent / "tokens", "--log", "json")
    process, address = start(*map(str, words))
    yield address
    code, _, err = stop(process)
    assert code == OK
    assert "Traceback" not in err


@pytest.fixture(scope="module")
def strict(authority):
    """A server that asks for certificates."""
    pair = authority.sign("strict")
    process, address = start(
        *map(str, ("--tls-cert", pair.cert, "--tls-key", pair.key, "--tls-client-ca", authority.ca))
    )
    yield address
    stop(process)


def test_health_needs_the_ca_alone(run, secured, authority):
    done = run("health", secured, "--tls-ca", str(authority.ca))
    assert (done.exit_code, done.stdout) == (OK, "SERVING\n")
    done = run("health", secured, env={"MEANREV_TLS_CA": str(authority.ca)})
    assert (done.exit_code, done.stdout) == (OK, "SERVING\n")


def test_health_finds_a_certificate_of_another_name_by_that_name(run, authority):
    pair = authority.sign("box", "/CN=box", "subjectAltName=DNS:box.example")
    process, address = start("--tls-cert", str(pair.cert), "--tls-key", str(pair.key))
    try:
        known = run("health", address, "--tls-ca", str(authority.ca), "--tls-name", "box.example")
        unknown = run("health", address, "--tls-ca", str(authority.ca), "--timeout", "2")
    finally:
        stop(process)
    assert (known.exit_code, known.stdout) == (OK, "SERVING\n")
    assert unknown.exit_code == NO_SERVER
    assert "MEANREV_TLS_NAME says which name it has" in unknown.stderr


def test_health_without_tls_says_what_is_missing(run, secured):
    done = run("health", secured, "--timeout", "2")
    assert done.exit_code == NO_SERVER
    assert "tls= or MEANREV_TLS_CA" in done.stderr


def test_health_shows_a_certificate_where_the_server_asks_for_one(run, strict, authority):
    pair = authority.sign("probe", "/CN=probe", CLIENT)
    words = ("--tls-ca", authority.ca, "--tls-client-cert", pair.cert, "--tls-client-key", pair.key)
    assert run("health", strict, *map(str, words)).exit_code == OK
    assert run("health", strict, "--tls-ca", str(authority.ca), "--timeout", "2").exit_code == NO_SERVER


@pytest.mark.parametrize("command", [["info"], ["call", "ComputeLogReturns", PRICES], ["bench", "--seconds", "0.05"]])
def test_every_command_that_calls_sends_the_token(run, secured, authority, token, command):
    name, *words = command
    access = ("--tls-ca", str(authority.ca), "--token-file", str(token))
    done = run(name, secured, *words, *access, *(["--concurrency", "1"] if name == "bench" else []))
    assert done.exit_code == OK, done.stderr
    refused = run(name, secured, *words, *access[:2])
    assert refused.exit_code == USAGE
    assert "needs one bearer token" in refused.stderr
    assert "MEANREV_TOKEN" in refused.stderr
    variables = {"MEANREV_TLS_CA": str(authority.ca), "MEANREV_TOKEN": token.read_text()}
    assert (
        run(name, secured, *words, *(["--concurrency", "1"] if name == "bench" else []), env=variables).exit_code == OK
    )


def test_sweep_and_scan_send_the_token(run, secured, authority, token, tmp_path):
    file = str(write(tmp_path / "prices.csv", prices()))
    access = ("--host", secured, "--tls-ca", str(authority.ca))
    for words in (["sweep", file, "--entry", "1:2:0.5", "--exit", "-0.5:0.5:0.5"], ["scan", file]):
        done = run(*words, *access, "--token-file", str(token))
        assert done.exit_code == OK, done.stderr
        refused = run(*words, *access)
        assert refused.exit_code == USAGE
        assert "needs one bearer token" in refused.stderr


def test_a_token_file_of_the_client_contains_the_token_alone(run, secured, authority, token, tmp_path):
    access = ("info", secured, "--tls-ca", str(authority.ca), "--token-file")
    for path in (token.parent / "tokens", tmp_path / "nowhere"):
        done = run(*access, str(path))
        assert done.exit_code == USAGE
        assert f"--token-file '{path}'" in done.stderr
    assert "contain the token and nothing else" in run(*access, str(token.parent / "tokens")).stderr


@pytest.mark.parametrize("flag", ["--tls-name", "--tls-client-key"])
def test_a_flag_that_has_no_use_alone_is_refused(run, flag):
    done = run("health", "127.0.0.1:1", flag, "x")
    assert done.exit_code == USAGE
    assert f"{flag} needs --tls-ca" in done.stderr


def test_a_ca_that_cannot_be_read_is_named(run):
    done = run("health", "127.0.0.1:1", "--tls-ca", "nowhere.pem")
    assert done.exit_code == USAGE
    assert "nowhere.pem" in done.stderr


def test_a_token_goes_to_no_other_machine_in_plaintext(run, token):
    done = run("info", "box.example:1", "--token-file", str(token))
    assert done.exit_code == USAGE
    assert "needs TLS where the server is on another machine" in done.stderr


def test_a_token_is_shown_once_and_its_line_has_a_hash(run):
    from meanrev_server.authentication import token_line

    done = run("token", "alice")
    secret = re.fullmatch(r"the token of alice, which is shown once: ([\w-]{43})\n", done.stderr)[1]
    assert done.stdout == token_line("alice", secret) + "\n"
    assert run("token", "alice").stdout != done.stdout
    document = json.loads(run("token", "alice", "--json").stdout)
    assert document["line"] == token_line("alice", document["token"])


def test_a_saved_token_is_the_users_own_and_replaces_none(run, tmp_path):
    path = tmp_path / "alice"
    done = run("token", "alice", "--save", str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().strip() not in done.output
    again = run("token", "alice", "--save", str(path))
    assert again.exit_code == USAGE
    assert "cannot be written: File exists" in again.stderr


def test_a_name_with_other_characters_is_refused(run):
    done = run("token", "al ice")
    assert done.exit_code == USAGE
    assert "NAME must be 1 to 64 letters" in done.stderr


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("tls_cert", "tls_cert = '{path}' cannot be read: No such file or directory"),
        ("tls_key", "tls_key = '{path}' cannot be read: No such file or directory"),
        ("tls_client_ca", "tls_client_ca = '{path}' cannot be read: No such file or directory"),
        ("token_file", "token_file = '{path}' cannot be read: No such file or directory"),
    ],
)
def test_serve_and_doctor_name_the_file_that_is_missing(run, authority, tmp_path, setting, said):
    pair = authority.sign("present")
    path = tmp_path / "nowhere"
    given = {"tls_cert": pair.cert, "tls_key": pair.key, setting: path, "backend": "numpy"}
    variables = {f"MEANREV_{name.upper()}": str(value) for name, value in given.items()}
    done = run("serve", "--listen", "127.0.0.1:0", env=variables)
    assert done.exit_code == USAGE
    assert said.format(path=path) in done.stderr
    assert said.format(path=path) in run("doctor", env=variables).stdout


def test_doctor_says_who_may_call(run, authority, token):
    pair = authority.sign("sound")
    variables = {
        "MEANREV_TLS_CERT": str(pair.cert),
        "MEANREV_TLS_KEY": str(pair.key),
        "MEANREV_TOKEN_FILE": str(token.parent / "tokens"),
        "MEANREV_BACKEND": "numpy",
    }
    assert "TLS, for callers with 1 tokens" in run("doctor", env=variables).stdout
    assert "plaintext, for every caller" in run("doctor", env={"MEANREV_BACKEND": "numpy"}).stdout


def test_variables_of_a_client_do_not_keep_a_server_from_starting(token):
    process, address = start(env={"MEANREV_TOKEN": token.read_text().strip(), "MEANREV_TLS_CA": "system"})
    assert address
    assert stop(process)[0] == OK
    assert "MEANREV_TOKEN" not in os.environ
