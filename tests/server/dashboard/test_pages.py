"""The files of the pages: complete, small, safe, and from this machine alone."""

import hashlib
import re
from importlib import resources
from pathlib import Path

import pytest

from meanrev_server.dashboard.assets import HEADERS, PAGE, assets

FILES = assets()
FOLDER = Path(str(resources.files("meanrev_server.dashboard") / "assets"))
OURS = sorted(name for name in FILES if not name.startswith("uPlot"))
MOST_BYTES = 150 * 1024
BANNER = b"/*! https://github.com/leeoniya/uPlot (v1.6.32) */"
NAMESPACE = b'xmlns="http://www.w3.org/2000/svg"'


def text(name):
    return FILES[name].data.decode()


def test_a_page_weighs_at_most_150_kilobytes():
    assert sum(len(file.data) for file in FILES.values()) <= MOST_BYTES


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_is_served_as_it_is_with_the_headers_that_protect_it(site, name):
    answer = site.send("GET", "/" if name == PAGE else f"/{name}")
    assert (answer.status, answer.body) == (200, FILES[name].data)
    assert answer.headers["content-type"] == FILES[name].kind
    assert {header: answer.headers[header] for header in HEADERS} == HEADERS
    again = site.send("GET", "/" if name == PAGE else f"/{name}", if_none_match=answer.headers["etag"])
    assert (again.status, again.body) == (304, b"")


def test_no_script_or_style_may_run_that_is_not_a_file_of_ours():
    policy = dict(part.strip().split(" ", 1) for part in HEADERS["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "connect-src", "img-src")} == {"'self'"}
    assert {policy[name] for name in ("base-uri", "form-action", "frame-ancestors")} == {"'none'"}


@pytest.mark.parametrize("name", sorted(FILES))
def test_no_file_names_another_machine(name):
    data = FILES[name].data.replace(BANNER, b"").replace(NAMESPACE, b"")
    assert re.findall(rb"(?:https?:|wss?:)?//[A-Za-z0-9]", re.sub(rb"^\s*//.*$", b"", data, flags=re.MULTILINE)) == []


def test_the_page_has_no_inline_script_style_or_handler():
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", text(PAGE)) == []


@pytest.mark.parametrize("name", [name for name in OURS if name.endswith(".js")])
def test_a_script_puts_no_text_in_as_markup_and_evaluates_none(name):
    assert re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", text(name)) == []


@pytest.mark.parametrize("name", [name for name in OURS if name.endswith(".js")])
def test_what_a_script_imports_and_names_is_there(name):
    assert {f"./{found}" for found in FILES} >= set(re.findall(r'from "([^"]+)"', text(name)))
    ids = set(re.findall(r'\bid="([^"]+)"', text(PAGE)))
    assert set(re.findall(r'\bat\("([^"]+)"\)', text(name))) <= ids


def test_every_field_has_a_label_and_every_screen_a_heading():
    page = text(PAGE)
    fields = re.findall(r"<(?:input|select)\b[^>]*>", page)
    labelled = re.findall(r"<label[^>]*>[^<]+<(?:input|select)\b[^>]*>", page)
    assert len(fields) == len(labelled)
    for section in re.findall(r"<section ([^>]+)>", page):
        (title,) = re.findall(r'aria-labelledby="([^"]+)"', section)
        assert f'<h2 id="{title}">' in page


def test_the_vendored_files_are_those_of_the_package():
    listed = (FOLDER / "vendor/PROVENANCE.md").read_text(encoding="utf-8")
    digests = dict(re.findall(r"\| (\S+) \| \S+ \| ([0-9a-f]{64}) \|", listed))
    assert set(digests) == {"uPlot.iife.min.js", "uPlot.min.css", "LICENSE"}
    for name, digest in digests.items():
        assert hashlib.sha256((FOLDER / "vendor" / name).read_bytes()).hexdigest() == digest
    assert "MIT" in (FOLDER / "vendor/LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "path", ["/nothing", "/../config.py", "/%2e%2e/config.py", "/vendor/LICENSE", "/api/", "/api/nothing"]
)
def test_nothing_else_is_served(site, path):
    answer = site.send("GET", path)
    assert answer.status == 404
    assert answer.error["code"] == "NOT_FOUND"
    assert answer.headers["x-content-type-options"] == "nosniff"
