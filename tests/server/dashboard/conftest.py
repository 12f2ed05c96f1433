import pytest

from tests.server.dashboard.site import client_of, serving, table


@pytest.fixture(scope="session")
def site():
    with serving() as found:
        yield found


@pytest.fixture(scope="session")
def client(site):
    with client_of(site) as found:
        yield found


@pytest.fixture(scope="session")
def matrix_id(client):
    return client.put(table()).matrix_id
