"""Tries a built image as a container runs it: read-only root, uid 10001, no privileges, its own processes and network.

    unshare --net python deploy/try_image.py ROOT IMAGE.json

ROOT is the image's mounted file system, IMAGE.json the output of `buildah inspect --type image`. Every line of the
report is a check, and the first failure ends the run.
"""

import fcntl
import json
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

import meanrev as mr

ADDRESS = "127.0.0.1:50051"
CACHE = "var/cache/meanrev"
# The image's root is made read-only first; proc, dev and the two writable folders then lie over it.
MOUNTS = f"""
mount --make-rprivate / && mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" &&
mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && mount -t tmpfs tmpfs "$0/tmp" &&
mount -t tmpfs -o mode=0700,uid=10001,gid=10001 tmpfs "$0/{CACHE}" &&
exec chroot "$0" setpriv --reuid=10001 --regid=10001 --clear-groups --no-new-privs \\
    --inh-caps=-all --bounding-set=-all "$@"
"""


class Container:
    """A process tree whose only file system is the image; the given command is its process 1."""

    def __init__(self, root: str, config: dict[str, Any], words: list[str]) -> None:
        self.environment = ["env", "-i", *config["Env"]]
        outside = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "bash", "-c", MOUNTS, root]
        self.outside = subprocess.Popen(
            [*outside, *self.environment, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    @property
    def pid(self) -> int:
        """Process 1 of the container, as this machine counts."""
        return int(Path(f"/proc/{self.outside.pid}/task/{self.outside.pid}/children").read_text().split()[0])

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command inside, as its user."""
        inside = [
            "nsenter",
            "--target",
            str(self.pid),
            "--mount",
            "--pid",
            "--root",
            "--setuid=10001",
            "--setgid=10001",
        ]
        return subprocess.run([*inside, *self.environment, *words], capture_output=True, text=True, check=False)

    def terminate(self) -> None:
        """Send SIGTERM to process 1, as container engines do."""
        subprocess.run(["kill", "-TERM", str(self.pid)], check=True)


def check(what: str, found: object, *, ok: bool) -> None:
    """Report a check, and stop where it fails."""
    print(f"{'ok  ' if ok else 'FAIL'} {what}: {found}", flush=True)
    if not ok:
        sys.exit(1)


def raise_loopback() -> None:
    """Bring up lo, which a new network namespace has down (SIOCSIFFLAGS with IFF_UP)."""
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", 1))


def check_refusals(root: str, config: dict[str, Any]) -> None:
    """Check that the image's own command refuses an open address, and that a missing backend is refused."""
    for words, right in ((config["Cmd"], 2), (["serve", "--insecure", "--backend", "cuda"], 5)):
        container = Container(root, config, [*config["Entrypoint"], *words])
        _, said = container.outside.communicate(timeout=60)
        code = container.outside.returncode
        check(" ".join(words), f"exit code {code}, {said.strip()}", ok=code == right and said.count("\n") == 1)


def check_confinement(container: Container) -> None:
    """Check the user, the capabilities and what can be written."""
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{container.pid}/status").read_text().splitlines())
    check("user", status["Uid"].split()[0], ok=status["Uid"].split() == ["10001"] * 4)
    check("capabilities", status["CapBnd"], ok=int(status["CapBnd"], 16) == int(status["CapEff"], 16) == 0)
    for folder, writable in (("/opt/meanrev", False), ("/etc", False), (f"/{CACHE}", True)):
        done = container.run("touch", f"{folder}/mark")
        check(f"writes to {folder}", done.stderr.strip() or "yes", ok=(done.returncode == 0) is writable)
    missing = container.run("sh", "-c", "command -v g++ gcc cc pip")
    check("compilers and installers inside", missing.stdout.split(), ok=not missing.stdout)


def reverting(bars: int, series: int) -> np.ndarray:
    """Return prices, one series a column, that revert to 50."""
    steps = np.random.default_rng(7).normal(0, 0.3, (bars, series))
    prices = np.full((bars, series), 50.0)
    for t in range(1, bars):
        prices[t] = 50 + 0.95 * (prices[t - 1] - 50) + steps[t]
    return prices


def check_answers(client: mr.Client) -> None:
    """Compare one fit, one backtest and one sweep with those of the same code in this process."""
    prices = reverting(2_000, 1)[:, 0]
    with mr.Client("local") as local:
        fit, here = client.ou(prices), local.ou(prices)
        check("fit, half-life", f"{fit.half_life:.3f} bars", ok=bool(np.isclose(fit.half_life, here.half_life, 1e-12)))
        levels = client.thresholds(fit, round_trip_cost=0.05)
        options = {"lookback": 120, "mode": "unit", "cost_per_side": 0.025}
        run, twin = client.backtest(prices, levels, **options), local.backtest(prices, levels, **options)
        same = run.num_trades == twin.num_trades > 0 and bool(np.isclose(run.sharpe_ratio, twin.sharpe_ratio, 1e-12))
        check("backtest", f"{run.num_trades} trades, Sharpe ratio {run.sharpe_ratio:.3f}", ok=same)
        grid = {"entry": mr.grid(0.5, 3, 0.1), "exit": mr.grid(-0.5, 1, 0.1), "mode": "unit", "cost_per_side": 0.025}
        swept, twin = (each.sweep(reverting(2_000, 5), **grid).best for each in (client, local))
        same = bool(np.array_equal(swept.cell, twin.cell) and np.allclose(swept.sharpe_ratio, twin.sharpe_ratio))
        check("sweep", f"5 series x 416 cells, best Sharpe ratio {swept.sharpe_ratio.max():.3f}", ok=same)


def received() -> int:
    """Return the bytes that arrived over the loopback of this network namespace."""
    line = next(line for line in Path("/proc/net/dev").read_text().splitlines() if "lo:" in line)
    return int(line.partition(":")[2].split()[0])


def check_stop_under_load(container: Container) -> None:
    """Send SIGTERM while each of eight connections has a call in flight; all are answered, and the exit code is 0."""
    # Every series has a fit. For one without a fit the client would make a second call, which is rightly refused.
    matrix = reverting(1_000, 250)
    answered, lost = [], []
    sent = threading.Barrier(9)

    def ask() -> None:
        with mr.Client(ADDRESS, timeout=30) as client:
            client.log_returns(matrix[:10])  # connected
            sent.wait()
            try:
                answered.append(client.ou(matrix, adf_lags=8).status)  # a second of work
            except mr.MeanRevError as error:
                lost.append(str(error))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    already = received()
    sent.wait()
    while received() - already < 8 * matrix.nbytes:
        time.sleep(0.01)
    time.sleep(0.3)  # the calls that arrived have begun
    before = len(answered)
    start = time.perf_counter()
    container.terminate()
    for thread in threads:
        thread.join()
    last = time.perf_counter() - start
    _, said = container.outside.communicate(timeout=60)
    seconds, code = time.perf_counter() - start, container.outside.returncode
    check(
        "calls in flight at SIGTERM",
        f"{8 - before} of 8, lost {lost}, last answer after {last:.2f} s",
        ok=before < 8 and not lost,
    )
    check("exit code", f"{code} after {seconds:.2f} s", ok=code == 0 and '"event": "stopped"' in said.splitlines()[-1])


def main(root: str, inspected: str) -> None:
    """Run every check against one image."""
    config = json.loads(Path(inspected).read_text(encoding="utf-8"))["Docker"]["config"]
    raise_loopback()
    check_refusals(root, config)
    start = time.perf_counter()
    container = Container(root, config, [*config["Entrypoint"], "serve", "--insecure"])
    line = container.outside.stdout.readline().strip() if container.outside.stdout else ""
    check("start", f"{line}, after {time.perf_counter() - start:.1f} s", ok=line == "listening on 0.0.0.0:50051")
    try:
        check_confinement(container)
        probe = container.run(*config["Healthcheck"]["Test"][1:])
        check("the image's health check", probe.stdout.strip() or probe.stderr.strip(), ok=probe.returncode == 0)
        doctor = json.loads(container.run("meanrev", "doctor", "--json").stdout)
        backend = next(each["found"] for each in doctor["findings"] if each["name"] == "backend")
        check("backend", backend, ok=backend.startswith("native (kernels built ahead"))
        with mr.Client(ADDRESS, timeout=30) as client:
            check_answers(client)
        memory = Path(f"/proc/{container.pid}/status").read_text().split("VmHWM:")[1].split()[0]
        check("most memory", f"{int(memory) / 1024:.0f} MB", ok=True)
        check_stop_under_load(container)
    finally:
        container.outside.kill()


if __name__ == "__main__":
    main(*sys.argv[1:])
