"""A block of code of one thread or task selects what runs, and Twins choose by it, by coverage and by size."""

import asyncio
import threading

import pytest

from gpu_kernels import dispatch
from gpu_kernels.dispatch import FEWEST_ON_DEVICE, Selection, Twins


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


def carrier_into(taken):
    """Return a carrier that keeps what it is given."""

    def carrier(function, arguments):
        taken.append((function, arguments))
        return "there"

    return carrier


def test_a_function_runs_where_the_carrier_takes_it():
    taken = []
    assert dispatch.run(divmod, 7, 2) == (3, 1)
    with dispatch.using("native", 1, carrier_into(taken)):
        assert dispatch.run(divmod, 7, 2) == "there"
    assert taken == [(divmod, (7, 2))]


def host(size, lags):
    return "host", size, lags


def native(size, lags):
    return "native", size, lags


def device(size, lags):
    return "device", size, lags


def covers(_, lags):
    return lags <= 4


def steps(size, _):
    return size


ALL = Twins(host=host, native=native, device=device, covers=covers, steps=steps)
LARGE = FEWEST_ON_DEVICE


@pytest.mark.parametrize(
    ("twins", "backend", "lanes", "size", "lags", "expected"),
    [
        (ALL, "numpy", False, LARGE, 0, "host"),
        (ALL, "native", False, LARGE, 0, "native"),
        (ALL, "native", False, LARGE, 5, "host"),
        (ALL, "cuda", False, LARGE, 0, "device"),
        (ALL, "cuda", True, LARGE, 0, "device"),
        (ALL, "cuda", True, LARGE, 5, "host"),
        (ALL, "cuda", True, LARGE - 1, 0, "native"),
        (ALL, "cuda", False, LARGE - 1, 0, "device"),
        (Twins(host=host), "native", False, LARGE, 0, "host"),
        (Twins(host=host), "cuda", True, LARGE, 0, "host"),
        (Twins(host=host, native=native), "cuda", False, 1, 0, "host"),
        (Twins(host=host, native=native), "cuda", True, LARGE, 0, "native"),
        (Twins(host=host, device=device, steps=steps), "native", False, LARGE, 0, "host"),
        (Twins(host=host, device=device, steps=steps), "cuda", True, LARGE - 1, 0, "host"),
        (Twins(host=host, device=device), "cuda", True, 1, 0, "device"),
    ],
)
def test_a_twin_is_chosen_by_selection_coverage_and_size(twins, backend, lanes, size, lags, expected):
    with dispatch.using(backend, lanes=lanes):
        assert twins.run(size, lags) == (expected, size, lags)


def test_the_numpy_twin_is_chosen_without_asking_what_the_kernels_cover():
    def refuse(*_):
        raise AssertionError

    assert Twins(host=host, native=native, covers=refuse, steps=refuse).run(3, 1) == ("host", 3, 1)


def test_the_chosen_twin_runs_where_the_carrier_takes_it():
    taken = []
    with dispatch.using("native", 2, carrier_into(taken)):
        assert ALL.run(7, 2) == "there"
        assert ALL.run(7, 5) == "there"
    assert taken == [(native, (7, 2)), (host, (7, 5))]
