"""Checks a built site: `python docs/site/links.py build/site` exits with 1 and a line for each fault.

Every link and anchor within the site has to exist, and no page may load anything from elsewhere: neither a script, a
style sheet, a font nor a picture. Links that a reader follows may lead out.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

__all__ = ["Page", "broken", "main"]

LOADED = re.compile(r"url\(\s*['\"]?(https?:)?//|@import\s+['\"]?(https?:)?//")


class Page(NamedTuple):
    """What is read of a page.

    Attributes:
        anchors: Its ids and names.
        links: What a reader can follow.
        loads: What the browser loads by itself.
    """

    anchors: set[str]
    links: list[str]
    loads: list[str]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page(set(), [], [])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.page.anchors.update(found[name] for name in ("id", "name") if name in found)
        if tag == "a" and "href" in found:
            self.page.links.append(found["href"])
        elif (
            "href" in found
            and tag in {"link", "use", "image"}
            and found.get("rel") not in {"canonical", "prev", "next"}
        ):
            self.page.loads.append(found["href"])
        if "src" in found:
            self.page.loads.append(found["src"])


def read(path: Path) -> Page:
    """Return what is read of a page."""
    reader = _Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    return reader.page


def broken(site: Path) -> Iterator[str]:
    """Yield a sentence for each fault of a site."""
    pages = {path.resolve(): read(path) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        if path.name == "404.html":
            continue  # it is shown at any address, and its links are from the root
        here = path.relative_to(site.resolve())
        yield from (f"{here} loads {fault}" for fault in _loads(path, page))
        yield from (f"{here} links to {fault}" for fault in _links(path, page, pages))
    for path in sorted(site.rglob("*.css")):
        if LOADED.search(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(site)} loads from another place"


def _loads(path: Path, page: Page) -> Iterator[str]:
    for target in page.loads:
        if urlsplit(target).netloc:
            yield target
        elif not target.startswith("data:") and not _file(path, target).is_file():
            yield f"{target}, which does not exist"


def _links(path: Path, page: Page, pages: Mapping[Path, Page]) -> Iterator[str]:
    for target in page.links:
        split = urlsplit(target)
        if split.scheme or split.netloc:
            continue
        file = _file(path, split.path) if split.path else path
        if not file.is_file():
            yield f"{target}, which does not exist"
        elif split.fragment and file in pages and unquote(split.fragment) not in pages[file].anchors:
            yield f"{target}, and that page has no such anchor"


def _file(page: Path, target: str) -> Path:
    found = (page.parent / unquote(urlsplit(target).path)).resolve()
    return found / "index.html" if found.is_dir() else found


def main(site: Path) -> int:
    """Print the faults of a site; returns the exit code."""
    pages = len(list(site.rglob("*.html")))
    if not pages:
        print(f"{site} has no page", file=sys.stderr)
        return 1
    faults = list(broken(site))
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{pages} pages, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
