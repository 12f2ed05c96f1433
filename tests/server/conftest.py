import pytest

from tests.server.serving import Caller, serving


@pytest.fixture(scope="session")
def address():
    with serving() as address:
        yield address


@pytest.fixture(scope="session")
def call(address):
    with Caller(address) as caller:
        yield caller
