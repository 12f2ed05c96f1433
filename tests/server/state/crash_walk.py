"""Kills a server at every step that its state directory takes, starts it again each time, and reports what is there.

Run as a program: it forks, so its process has no other thread. Each line of its output is the JSON of one crash. A kill
does not lose what was written without being synced; test_files.py covers the order of syncs.
"""

import asyncio
import hashlib
import json
import os
import signal
import sys
import traceback
from pathlib import Path

from meanrev_server.admission import Ticket
from meanrev_server.app import App
from meanrev_server.config import Settings
from meanrev_server.handlers import watch_job
from meanrev_server.research import grid_sweep, job_run, running
from meanrev_server.state import steps
from meanrev_wire import research_pb2 as wire
from meanrev_wire.matrix_ids import matrix_id
from tests.server.research import METHODS, NAMES, PRICES, SERVICE, chunks

JOBS = {
    "SweepThresholds": {"entry": [1.0, 1.5, 2.0], "exit": [0.0, 0.5], "train": 150, "test": 60},
    "ScanPairs": {"alpha": 1.0},
}
BOOK = wire.Portfolio(portfolio_id="book", holdings=[wire.Holding(asset_id="A", quantity=2.0)], cash=5.0)
PRICE = wire.PublishPricesRequest(asset_ids=["A"], prices=[7.5], timestamps_ms=[1_000])


MATRICES = [matrix_id(PRICES + number, NAMES) for number in range(2)]


def kept(number):
    return chunks(PRICES + number, 100, columns=NAMES, total=len(PRICES))


class Driver:
    """Calls the handlers of an App that does not listen."""

    def __init__(self, folder, said=lambda _: None):
        self.app = App(Settings(backend="numpy", state_dir=str(folder)))
        self.said = said

    async def __aenter__(self):
        await self.app.call.state.open("numpy")
        job_run.resume(self.app.call, lambda _: Ticket())
        return self

    async def __aexit__(self, *exc):
        for work in tuple(self.app.call.background):
            work.cancel()
        await self.app.call.state.close()
        self.app.close()

    async def ask(self, name, request):
        handle = self.app.routes[SERVICE + name].handle
        reply = getattr(wire, METHODS[name].output_type.name)
        data = _each(request) if METHODS[name].client_streaming else request.SerializeToString()
        if METHODS[name].server_streaming:
            return [reply.FromString(each) async for each in handle(data, self.app.call)]
        return reply.FromString(await handle(data, self.app.call))

    async def submit(self, method):
        request = chunks(PRICES, 100, columns=NAMES, total=len(PRICES), method=method, **JOBS[method])
        job = await self.ask("SubmitJob", request)
        self.said(job.job_id)
        return job.job_id

    async def result(self, job_id):
        states = await self.ask("WatchJob", wire.JobRequest(job_id=job_id))
        parts = await self.ask("FetchResult", wire.JobRequest(job_id=job_id)) if states[-1].status == "done" else []
        return states[-1].status, hashlib.sha256(b"".join(part.data for part in parts)).hexdigest()


async def _each(messages):
    for message in messages:
        yield message.SerializeToString()


async def everything(folder, said=lambda _: None):
    """Do all that is kept, and say what has been answered."""
    async with Driver(folder, said) as driver:
        await driver.ask("PutPortfolio", BOOK)
        said("book")
        for number in range(2):
            said((await driver.ask("PutMatrix", kept(number))).matrix_id)
        await driver.ask("DropMatrix", wire.MatrixRequest(matrix_id=MATRICES[1]))
        said("dropped")
        await driver.ask("PublishPrices", PRICE)
        return [await driver.result(await driver.submit(method)) for method in JOBS]


async def afterwards(folder, answered):
    """Return what a server finds after a crash, and what the same requests give then."""
    async with Driver(folder) as driver:
        stores, state = driver.app.call.stores, driver.app.call.state
        leftovers = _names(folder, "*/*.tmp")
        jobs = {job.job_id for job in state.jobs}
        there = {"book", "dropped", *jobs, *(found.matrix_id for found in state.matrices.matrices.listed("", 9))}
        lost = [each for each in answered if each not in there | ({MATRICES[1]} if len(answered) > 2 else set())]
        listed = await driver.ask("ListMatrices", wire.ListMatricesRequest())
        held = {info.matrix_id for info in listed.matrices}
        if "dropped" in answered and MATRICES[1] in held:
            lost.append("the drop of a matrix")
        for matrix_id in held:  # what is listed is whole
            (fitted,) = (await driver.ask("FitOu", [wire.MatrixChunk(matrix_id=matrix_id)]))[-1:]
            if len(fitted.result.theta) != len(NAMES):
                lost.append("a matrix that is listed")
        for number in range(2):
            await driver.ask("PutMatrix", kept(number))
        if "book" in answered and stores.portfolios.get("book").cash != 5.0:
            lost.append("book")
        heard = []
        with stores.marks.listening(["A"], heard.append, 0.0):
            marks = [mark.price for mark in heard]
        resumed = [await driver.result(job.job_id) for job in stores.jobs.listed(10)]
        again = [await driver.result(await driver.submit(method)) for method in JOBS]
        database = state.archive.database
        rows = await database.run(lambda: database.connection.execute(_COUNTS).fetchone())
    return {
        "leftovers": leftovers,
        "lost": lost,
        "marks": marks,
        "resumed": [status for status, _ in resumed],
        "again": again,
        "rows": rows,
        "files": _names(folder, "*/*"),
    }


def _names(folder, pattern):
    return sorted(path.parent.name for path in Path(folder).glob(pattern))


_COUNTS = "SELECT (SELECT count(*) FROM jobs), (SELECT count(*) FROM chunks), (SELECT count(*) FROM matrices)"


def in_child(work):
    """Run a function in a forked child; returns how it ended and what it returned."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        try:
            os.write(writing, json.dumps(work(writing)).encode())
        except BaseException:  # noqa: BLE001 - the parent reads it
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status), said


def recording(folder):
    """Return the function that does everything and says which steps it took."""

    def work(_):
        names = []
        vars(steps)["reached"] = names.append
        return {"names": names, "results": asyncio.run(everything(folder))}

    return work


def crashing(name, count, folder):
    """Return the function that kills its process when it takes a step for the given time."""

    def work(writing):
        reached = 0

        def at(step):
            nonlocal reached
            reached += step == name
            if step == name and reached == count:
                os.kill(os.getpid(), signal.SIGKILL)

        vars(steps)["reached"] = at
        asyncio.run(everything(folder, lambda answer: os.write(writing, json.dumps(answer).encode() + b"\n")))

    return work


def chosen(names):
    """Return the first and the last time of each step; threads change the order, but not how often each comes."""
    return sorted({(name, 1) for name in names} | {(name, names.count(name)) for name in names})


def main(root, offset, stride):
    grid_sweep.group_columns = lambda *_: 2
    running._GLANCE_S = watch_job._GLANCE_S = 0.002
    _, said = in_child(recording(root / "whole"))
    whole = json.loads(said)
    for number, (name, count) in list(enumerate(chosen(whole["names"])))[offset::stride]:
        folder = root / str(number)
        killed, said = in_child(crashing(name, count, folder))
        answered = [json.loads(line) for line in said.splitlines()]
        _, found = in_child(lambda _, answered=answered, folder=folder: asyncio.run(afterwards(folder, answered)))
        crash = {
            "step": name,
            "killed": killed,
            "answered": answered,
            "steps": sorted(set(whole["names"])),
        }
        sys.stdout.write(json.dumps({**crash, "expected": whole["results"], "found": json.loads(found)}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
