"""A call that is cancelled, late, left or interrupted leaves nothing on stderr, whatever its event loop does next."""

import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.faults

AROUND = """
import asyncio
import numpy as np
import meanrev as mr

prices = 50 + np.random.default_rng(3).normal(size=(2000, 10))
ask = mr.AsyncClient({where!r})
grid = {{"entry": "0.5:3:0.02", "exit": "-0.5:1.5:0.02", "figures": ["sharpe_ratio"]}}

async def fine():
    assert (await ask.ou(prices[:, 0])).n_samples > 1000

{body}

for _ in range(4):
    asyncio.run(end())
asyncio.run(fine())
"""

ENDS = {
    "a call that is late": """
async def end():
    try:
        await asyncio.wait_for(ask.sweep(prices, **grid), 0.1)
    except TimeoutError:
        pass
""",
    "a call of one message that is cancelled at once": """
async def end():
    task = asyncio.ensure_future(ask.log_returns(prices))
    await asyncio.sleep(0)
    task.cancel()
""",
    "calls that nobody waits for": """
async def end():
    for _ in range(3):
        asyncio.ensure_future(ask.sweep(prices, **grid))
    await asyncio.sleep(0.05)
""",
    "one failure among several": """
async def end():
    try:
        await asyncio.gather(ask.log_returns([1.0, -1.0]), ask.sweep(prices, **grid))
    except mr.InvalidInput:
        pass
""",
    "a stream that is left": """
async def ticks():
    for number in range(100_000):
        yield ("A", 50.0 + number % 7)
        await asyncio.sleep(0)

async def end():
    async for estimate in ask.ou_stream(ticks()):
        break
""",
    "a stream that waits": """
async def watch():
    async for report in ask.health({"A": 1.0}, update_frequency_ms=60_000):
        pass

async def end():
    task = asyncio.ensure_future(watch())
    await asyncio.sleep(0.05)
    task.cancel()
""",
    "a stream whose items fail": """
async def ticks():
    yield ("A", 50.0)
    raise KeyError("no price")

async def end():
    try:
        async for estimate in ask.ou_stream(ticks()):
            pass
    except KeyError:
        pass
""",
}


def run(program):
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("body", ENDS.values(), ids=ENDS)
def test_an_event_loop_ends_quietly(where, body):
    done = run(AROUND.format(where=where, body=body))
    assert (done.returncode, done.stderr) == (0, "")


def test_so_does_another_kind_of_event_loop(address):
    program = AROUND.format(where=address, body=ENDS["a call that is late"])
    done = run(
        program.replace("asyncio.run(", "asyncio.Runner(loop_factory=uvloop.new_event_loop).run(").replace(
            "import asyncio", "import asyncio, uvloop"
        )
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_blocking_stream_that_is_left_or_closed_is_quiet(where):
    done = run(
        f"""
import meanrev as mr
client = mr.Client({where!r})
ticks = (("A", 50.0 + number % 7) for number in range(100_000))
for estimate in client.ou_stream(ticks):
    break
stream = client.health({{"A": 1.0}}, update_frequency_ms=60_000)
next(stream)
stream.close()
left = client.health({{"A": 1.0}}, update_frequency_ms=60_000)
next(left)
"""
    )
    assert (done.returncode, done.stderr) == (0, "")


INTERRUPTED = """
import sys
import numpy as np
import meanrev as mr

client = mr.Client({where!r})
prices = 50 + np.random.default_rng(3).normal(size=(1000, 4))

def begun(*_):
    print("begun", flush=True)

try:
    for _ in range(10_000):
        client.sweep(prices, entry="0.5:3:0.02", exit="-0.5:1.5:0.02", figures=["sharpe_ratio"], progress=begun)
except KeyboardInterrupt:
    assert client.log_returns([1.0, 2.0]).n_periods == 1
    sys.exit(7)
"""


def test_an_interrupted_call_is_over_and_the_client_goes_on(where):
    command = [sys.executable, "-c", INTERRUPTED.format(where=where)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)
    assert (process.returncode, said) == (7, "")
