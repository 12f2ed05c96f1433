"""What a user meets first: the names of the package, its version, and `python -m meanrev`."""

import subprocess
import sys
from importlib.metadata import version

import pytest

import meanrev as mr
import meanrev.compat.v2 as earlier
from meanrev import __main__ as command


def test_every_exported_name_can_be_had_and_is_listed():
    assert dir(mr) == sorted(mr.__all__)
    assert all(getattr(mr, name) is not None for name in mr.__all__)


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(mr, "estimate_everything")
    assert not hasattr(mr, "_estimate_everything")


def test_the_names_that_are_shown_are_those_of_the_client():
    assert not set(earlier.__all__) & set(mr.__all__)
    assert {"AsyncClient", "Client", "errors", "results", "serve"} <= set(mr.__all__)


@pytest.mark.parametrize("name", sorted(set(earlier.__all__) - {"MeanRevClient", "MeanRevClientSync"}))
def test_earlier_functions_are_importable_from_where_they_were(name):
    assert getattr(mr, name) is getattr(earlier, name)


def test_the_version_is_that_of_the_distribution():
    assert mr.__version__ == version("meanrev")


def test_the_package_runs_as_the_command_line():
    done = subprocess.run([sys.executable, "-m", "meanrev", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"meanrev {version('meanrev')}"


def test_without_the_command_line_the_extra_is_named(monkeypatch, capsys):
    monkeypatch.setattr(command, "entry_points", lambda **_: ())
    assert command.main() == 2
    assert "pip install '.[server]'" in capsys.readouterr().err
