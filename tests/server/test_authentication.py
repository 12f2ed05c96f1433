"""Token files, and the names of callers."""

import hashlib
import logging

import pytest

from meanrev_server.authentication import ASKS_NOBODY, Authentication, authentication_of, is_name, token_line
from meanrev_server.config import ConfigError, Settings
from meanrev_server.errors import Unauthenticated

ALICE, BOB = "a" * 32, "bob+Token~/0123456789.-_abcdefgh=="


def bearer(token, key="authorization", scheme="Bearer"):
    return ((key, f"{scheme} {token}"),)


@pytest.fixture
def tokens(tmp_path):
    """Writes a token file, and returns its path."""

    def write(text, mode=0o600):
        path = tmp_path / "tokens"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        return path

    return write


def asking(path):
    return authentication_of(Settings(token_file=str(path)))


def test_tokens_and_digests_have_names(tokens):
    text = f"# who calls\n\nalice {ALICE}\r\n  {token_line('bob', BOB)}  \nbob {ALICE}2\n"
    asked = asking(tokens(text))
    assert [asked.by_token(bearer(token)).name for token in (ALICE, BOB, f"{ALICE}2")] == ["alice", "bob", "bob"]
    assert asked.by_token((("x", "y"), *bearer(ALICE, scheme="bearer"))).name == "alice"


def test_a_file_holds_digests_of_either_case(tokens):
    digest = hashlib.sha256(ALICE.encode()).hexdigest().upper()
    assert asking(tokens(f"alice SHA256:{digest}")).by_token(bearer(ALICE)).name == "alice"


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ((), "needs one bearer token with every call"),
        (bearer(ALICE) * 2, "needs one bearer token with every call"),
        (bearer(ALICE, key="x-authorization"), "needs one bearer token"),
        (bearer(ALICE, scheme="Basic"), "needs a bearer token, and no other authorization"),
        ((("authorization", ALICE),), "needs a bearer token, and no other authorization"),
        (bearer(BOB), "the token is not one of this server's"),
        (bearer("alice"), "the token is not one of this server's"),
        (bearer(ALICE[:-1]), "the token is not one of this server's"),
        (bearer(ALICE + "a"), "the token is not one of this server's"),
        (bearer(""), "the token is not one of this server's"),
        (bearer("\u00e9\ud800"), "the token is not one of this server's"),
        (bearer("sha256:" + hashlib.sha256(ALICE.encode()).hexdigest()), "the token is not one of this server's"),
    ],
)
def test_everything_else_is_refused_without_showing_what_came(tokens, metadata, said):
    with pytest.raises(Unauthenticated, match=said) as refused:
        asking(tokens(f"alice {ALICE}")).by_token(metadata)
    assert ALICE not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no token; `meanrev token NAME` makes one"),
        ("# nobody\n", "has no token"),
        ("alice", "line 1 must be a name and a token, or a name and sha256:HEX, got 1 words"),
        (f"# x\nalice {ALICE} # mine", "line 2 must be a name and a token, or a name and sha256:HEX, got 4 words"),
        (f"-alice {ALICE}", "line 1 must begin with a name of 1 to 64 letters, digits and . _ @ + -"),
        (f"al/ice {ALICE}", "line 1 must begin with a name"),
        (f"{'a' * 65} {ALICE}", "line 1 must begin with a name"),
        (f"alice {ALICE[:-1]}", "line 1 has a token of 31 characters; it must have 32 to 1024"),
        (f"alice {'a' * 1025}", "line 1 has a token of 1025 characters"),
        (f"alice {ALICE}\u00e9", "line 1 has a token with other characters than letters, digits and . _ ~ + / -"),
        ("alice sha256:abc", "line 1 must have 64 hexadecimal digits behind sha256:"),
        (f"alice sha256:{'g' * 64}", "line 1 must have 64 hexadecimal digits behind sha256:"),
        (f"alice {ALICE}\n\nbob {ALICE}", "line 3 has the token of line 1: each must differ"),
        (f"alice {ALICE}\n{token_line('bob', ALICE)}", "line 2 has the token of line 1"),
        (b"\xff\xfe", "is not UTF-8 text"),
    ],
)
def test_a_broken_file_is_refused_with_its_line_and_without_its_words(tokens, text, said):
    path = tokens(text)
    with pytest.raises(ConfigError) as refused:
        asking(path)
    assert str(refused.value).startswith(f"token_file = '{path}' {said}")
    assert ALICE[:-1] not in str(refused.value)


def test_a_missing_file_and_an_open_one_are_refused(tokens, tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: No such file or directory"):
        asking(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match=r"is open to every user of this machine \(mode 0644\): run chmod o= "):
        asking(tokens(f"alice {ALICE}", mode=0o644))


def look_twice(asked):
    """A change is read at the second look that finds it."""
    asked.tokens.refresh()
    asked.tokens.refresh()


def test_a_changed_file_is_read_again_once_it_has_settled(tokens):
    asked = asking(tokens(f"alice {ALICE}"))
    tokens(f"bob {BOB}")
    asked.tokens.refresh()
    assert asked.by_token(bearer(ALICE)).name == "alice"
    asked.tokens.refresh()
    assert asked.by_token(bearer(BOB)).name == "bob"
    with pytest.raises(Unauthenticated):
        asked.by_token(bearer(ALICE))


@pytest.mark.parametrize("broken", ["", "alice", b"\xff"])
def test_a_broken_change_keeps_the_last_good_tokens_and_is_logged_once(tokens, caplog, broken):
    asked = asking(tokens(f"alice {ALICE}"))
    tokens(broken)
    for _ in range(3):
        look_twice(asked)
    assert asked.by_token(bearer(ALICE)).name == "alice"
    assert [record.message for record in caplog.records] == ["changed files are not used"]
    assert caplog.records[0].files == "tokens"
    assert ALICE not in caplog.text
    tokens(f"bob {BOB}")
    look_twice(asked)
    assert asked.by_token(bearer(BOB)).name == "bob"


def test_a_file_that_is_removed_or_opened_keeps_the_last_good_tokens(tokens, caplog):
    path = tokens(f"alice {ALICE}")
    asked = asking(path)
    path.chmod(0o644)
    look_twice(asked)
    path.unlink()
    look_twice(asked)
    assert asked.by_token(bearer(ALICE)).name == "alice"
    assert len(caplog.records) == 2


def test_a_file_that_has_not_changed_is_not_read(tokens, caplog):
    caplog.set_level(logging.INFO)
    asked = asking(tokens(f"alice {ALICE}"))
    for _ in range(3):
        look_twice(asked)
    assert caplog.records == []


def test_files_that_change_while_they_are_read_are_read_again(tokens):
    path = tokens(f"alice {ALICE}")
    asked = asking(path)
    read = asked.tokens._read

    def slowly():
        found = read()
        tokens(f"bob {BOB}  ")  # after the reading, before its end
        return found

    tokens(f"carol {ALICE}")
    asked.tokens._read = slowly
    look_twice(asked)
    assert asked.by_token(bearer(ALICE)).name == "alice"
    asked.tokens._read = read
    look_twice(asked)
    assert asked.by_token(bearer(BOB)).name == "bob"


@pytest.mark.parametrize("names", [[b"alice"], [b"", b"alice"], ["\u0105\u0142\u0105".encode()], [b"spiffe://x/y"]])
def test_a_certificate_names_its_caller(names):
    assert Authentication(certificates=True).by_certificate(names) in {"alice", "\u0105\u0142\u0105", "spiffe://x/y"}


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (None, "the client's certificate has no name"),
        ([b""], "the client's certificate has no name"),
        ([b"alice", b"bob"], "the client's certificate has 2 alternative names"),
        ([b"\xff"], "must be printable text"),
        ([b"a\nb"], "must be printable text"),
        ([b"a" * 257], "must be printable text of at most 256 characters"),
    ],
)
def test_a_certificate_without_one_name_is_refused(names, said):
    with pytest.raises(Unauthenticated, match=said):
        Authentication(certificates=True).by_certificate(names)


def test_a_server_that_asks_nobody_names_nobody():
    assert ASKS_NOBODY.by_token(bearer(ALICE)).name == ""


@pytest.mark.parametrize(("name", "fine"), [("alice", True), ("a.b_c@d+e-9", True), ("", False), ("#a", False)])
def test_names_are_short_words(name, fine):
    assert is_name(name) is fine
