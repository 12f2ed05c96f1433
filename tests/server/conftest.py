import pytest

from tests.server.research import Research
from tests.server.serving import Caller, serving


@pytest.fixture(scope="session")
def address():
    with serving() as address:
        yield address


@pytest.fixture(scope="session")
def call(address):
    with Caller(address) as caller:
        yield caller


@pytest.fixture(scope="session")
def ask(address):
    """Calls research methods by name."""
    with Research(address) as research:
        yield research
