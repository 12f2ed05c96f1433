"""What runs is chosen for a block of code of one thread or task, and for nothing around it."""

import asyncio
import threading

import pytest

from gpu_kernels import dispatch
from gpu_kernels.dispatch import Selection


def test_the_numpy_twin_runs_unless_chosen_otherwise():
    assert dispatch.current() == Selection("numpy", 1)


def test_a_block_chooses_and_restores():
    with dispatch.using("native", 3):
        assert dispatch.current() == Selection("native", 3)
        with dispatch.using("numpy"):
            assert dispatch.current() == Selection("numpy", 1)
        assert dispatch.current() == Selection("native", 3)
    assert dispatch.current().backend == "numpy"


def restored_after_an_error():
    with dispatch.using("native", 2):
        raise KeyError


def test_an_error_inside_a_block_restores_too():
    with pytest.raises(KeyError):
        restored_after_an_error()
    assert dispatch.current() == Selection("numpy", 1)


def test_another_thread_keeps_its_own():
    seen = []
    with dispatch.using("native", 2):
        other = threading.Thread(target=lambda: seen.append(dispatch.current()))
        other.start()
        other.join()
    assert seen == [Selection("numpy", 1)]


async def test_tasks_at_once_keep_their_own():
    async def chosen(backend, threads):
        with dispatch.using(backend, threads):
            await asyncio.sleep(0)
            return dispatch.current()

    wanted = [Selection("native", 1), Selection("numpy", 1), Selection("native", 4)]
    assert list(await asyncio.gather(*(chosen(each.backend, each.threads) for each in wanted))) == wanted


def test_a_twin_runs_where_the_carrier_takes_it():
    taken = []

    def carrier(twin, arguments):
        taken.append((twin, arguments))
        return "there"

    assert dispatch.run(divmod, 7, 2) == (3, 1)
    with dispatch.using("native", 1, carrier):
        assert dispatch.run(divmod, 7, 2) == "there"
    assert taken == [(divmod, (7, 2))]
