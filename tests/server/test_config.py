"""Settings come from file, variables and flags, in that order, and say what is wrong."""

import pytest

from meanrev_server.config import ConfigError, Settings, load, origins


def write(tmp_path, text):
    path = tmp_path / "meanrev.toml"
    path.write_text(text)
    return path


def test_each_source_overrides_the_one_before(tmp_path):
    path = write(tmp_path, 'listen = "127.0.0.1:1"\ngrace_s = 3\nlog = "json"\n')
    environ = {"MEANREV_LISTEN": "127.0.0.1:2", "MEANREV_GRACE_S": "4.5", "HOME": "x"}
    settings = load(path, environ, {"listen": "127.0.0.1:3", "grace_s": None})
    assert (settings.listen, settings.grace_s, settings.log) == ("127.0.0.1:3", 4.5, "json")
    found = origins(path, environ)
    assert (found["log"], found["grace_s"], found["backend"]) == (str(path), "MEANREV_GRACE_S", "default")


def test_nothing_means_defaults():
    assert load(None, {}, {}) == Settings()


def test_variables_of_the_client_are_none_of_its_business():
    assert load(None, {"MEANREV_HOST": "gpu-box:1", "MEANREV_TIMEOUT": "3"}, {}) == Settings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("compute_threads = 0", r"compute_threads: must be a whole number from 1 to 256, got 0"),
        ('backend = "gpu"', r"backend"),
        ("threads = 2", r"unknown setting 'threads'; the settings are: listen,"),
        ("compute_thread = 2", r"unknown setting 'compute_thread'.*; did you mean 'compute_threads'\?$"),
        ('log = "jsn"', r"log: must be one of 'console', 'json' .did you mean 'json'\?., got 'jsn'"),
        ('listen = "::1:50051"', r"with an IPv6 address in brackets"),
        ('listen = "http://localhost:50051"', r"listen must be HOST:PORT"),
        ("listen = [", r"meanrev.toml"),
        ('listen = "0.0.0.0:50051"', r"reachable from other machines"),
        ('listen = "localhost"', r"listen must be HOST:PORT"),
        ('listen = "127.0.0.1:99999"', r"listen must be HOST:PORT"),
        ("grace_s = -1", r"grace_s"),
        ("lanes = 3", r"lanes: must be one of 0, 2, 4, 8, got 3"),
    ],
)
def test_a_bad_setting_is_named(tmp_path, text, said):
    with pytest.raises(ConfigError, match=said):
        load(write(tmp_path, text), {}, {})


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.toml"):
        load(tmp_path / "nowhere.toml", {}, {})


def test_an_unknown_variable_is_refused():
    with pytest.raises(ConfigError, match="treads"):
        load(None, {"MEANREV_TREADS": "2"}, {})


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "localhost:1", "[::1]:1", "unix:/tmp/x"])
def test_loopback_needs_no_leave(listen):
    Settings(listen=listen).check()


def test_several_gpus_need_workers():
    Settings(gpus=2).check()
    with pytest.raises(ConfigError, match="gpus must be 1 where worker is 'thread', got 2"):
        Settings(gpus=2, worker="thread").check()


def test_insecure_is_leave_enough():
    Settings(listen="0.0.0.0:1", insecure=True).check()


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path):
    path = tmp_path / "meanrev.toml"
    path.write_bytes(b"\xef\xbb\xbfgrace_s = 3\r\n")
    assert load(path, {}, {}).grace_s == 3


def test_a_file_of_another_encoding_is_said_to_be_one(tmp_path):
    path = tmp_path / "meanrev.toml"
    path.write_text("grace_s = 3\n", encoding="utf-16")
    with pytest.raises(ConfigError, match="is not UTF-8 text; save it as UTF-8"):
        load(path, {}, {})
