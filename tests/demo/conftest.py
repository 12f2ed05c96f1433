"""One run of the story for all tests that only read it."""

import pytest


@pytest.fixture(scope="session")
def story():
    from meanrev_demo import crude
    from meanrev_demo.service import serving
    from meanrev_demo.story import compute
    from meanrev_server import Settings

    with serving(Settings(listen="127.0.0.1:0")) as service:
        return compute(crude.load(), service, "a test's machine")
