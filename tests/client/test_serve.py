import socket
import subprocess
import sys

import psutil
import pytest

import meanrev as mr


def test_a_server_listens_while_the_context_is_open():
    with mr.serve(grace_s=0) as address, mr.Client(address, timeout=60) as client:
        assert client.log_returns([1.0, 2.0]).n_periods == 1
    with mr.Client(address, timeout=1.5) as client, pytest.raises(mr.ConnectionFailed):
        client.log_returns([1.0, 2.0])


def test_a_unix_socket_will_do(tmp_path):
    with mr.serve(f"unix:{tmp_path}/meanrev.sock", grace_s=0) as address, mr.Client(address) as client:
        assert client.log_returns([1.0, 2.0]).n_periods == 1


def test_its_process_ends_with_it():
    before = set(psutil.Process().children())
    with mr.serve(grace_s=0):
        [server] = set(psutil.Process().children()) - before
        assert server.is_running()
    assert not server.is_running()


@pytest.mark.faults
def test_its_process_ends_with_its_parent():
    program = (
        "import sys, meanrev as mr\nserving = mr.serve()\nprint(serving.__enter__(), flush=True)\nsys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        address = parent.stdout.readline().decode().strip()
        [server] = psutil.Process(parent.pid).children()
        with mr.Client(address) as client:
            assert client.log_returns([1.0, 2.0]).n_periods == 1
        parent.kill()
        parent.wait()
        server.wait(60)


@pytest.mark.faults
def test_a_server_that_ends_by_itself_is_an_error_of_ours():
    before = set(psutil.Process().children())
    with mr.serve(grace_s=0) as address, mr.Client(address, timeout=60) as client:
        [server] = set(psutil.Process().children()) - before
        server.kill()
        server.wait()
        with pytest.raises(mr.ConnectionFailed, match=address):
            client.log_returns([1.0, 2.0], timeout=1.5)


def test_a_backend_that_cannot_run_here_is_said():
    with pytest.raises(mr.InvalidInput, match=r"backend cannot be used: .*'cuda'"), mr.serve(backend="cuda"):
        pass


@pytest.mark.parametrize(
    ("listen", "settings", "message"),
    [
        ("nowhere", {}, "listen must be HOST:PORT"),
        ("0.0.0.0:0", {}, "plaintext"),
        ("127.0.0.1:0", {"compute_threads": 0}, "compute_threads"),
        ("127.0.0.1:0", {"colour": "red"}, "colour"),
    ],
)
def test_settings_are_checked(listen, settings, message):
    with pytest.raises(mr.InvalidInput, match=message), mr.serve(listen, **settings):
        pass


def test_an_address_in_use_is_said():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(mr.InvalidInput, match="in use"), mr.serve(where):
            pass
