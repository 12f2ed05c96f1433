"""What the site adds to the pages of docs/: pages of the root, files that pages link to, equations and the order.

The pages are written for a reader of the repository, whose links lead to files. A link out of docs/ leads to a page of
the site instead: to that of the root (README.md, CONTRIBUTING.md and the like), or to one that shows the file.
"""

import posixpath
import re
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

sys.path.insert(0, str(Path(__file__).parent))  # mkdocs loads this file alone

from equations import NotAnEquation, drawn

__all__ = ["on_config", "on_files", "on_page_content", "on_page_markdown"]

ROOT = Path(__file__).resolve().parents[2]
ROOT_PAGES = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "examples/README.md")
FROM_ROOT = {"README.md": "index.md"} | {name: name for name in ROOT_PAGES if (ROOT / name).is_file()}
"""Pages outside docs/, and what the site calls them."""

LINK = re.compile(r"(\]\()(?!https?:|mailto:|#)([^)\s#]+)")
CELL = re.compile(r"<td[^>]*>.*?</td>", re.DOTALL)
LANGUAGES = {".py": "python", ".sh": "bash", ".yaml": "yaml", ".yml": "yaml", ".json": "json", ".proto": "protobuf"}
FENCE = "`" * 6


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Replace each pattern of the order by the pages that it stands for and that the order does not name itself."""
    config.nav = _expanded(config.nav or [], set(_named(config.nav or [])))
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the root, and one for each file outside docs/ that a page links to."""
    pages = {name: (ROOT / name).read_text(encoding="utf-8") for name in FROM_ROOT}
    for name, text in pages.items():
        files.append(File.generated(config, FROM_ROOT[name], content=text))
    linked = {target for name, text in pages.items() for target in _targets(name, text)}
    for file in files.documentation_pages():
        if file.abs_src_path:
            linked |= set(_targets(f"docs/{file.src_uri}", Path(file.abs_src_path).read_text(encoding="utf-8")))
    for target in sorted(linked):
        files.append(File.generated(config, _page_of(target), content=_shown(target)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Lead links out of docs/ to the pages that the site has for them."""
    here = page.file.src_uri
    if here.startswith("source/"):
        return markdown
    source = next((name for name, shown in FROM_ROOT.items() if shown == here), f"docs/{here}")

    def led(match: re.Match[str]) -> str:
        target = _resolved(source, match[2])
        return match[1] + posixpath.relpath(_page_of(target), posixpath.dirname(here) or ".")

    return LINK.sub(led, markdown)


def on_page_content(html: str, page: Page, **_: Any) -> str:
    """Draw the equations, and take the backslash from a bar within code of a table, as other readers of Markdown do."""
    html = CELL.sub(lambda cell: cell[0].replace(r"\|", "|"), html)
    try:
        return drawn(html)
    except NotAnEquation as error:
        raise PluginError(f"{page.file.src_uri}: {error}") from error


def _resolved(source: str, target: str) -> str:
    """Return what a link of a file leads to, from the root of the repository."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), target))


def _page_of(target: str) -> str:
    """Return the page or file of the site for a path from the root of the repository."""
    if target in FROM_ROOT:
        return FROM_ROOT[target]
    inside = posixpath.relpath(target, "docs")
    return f"source/{target}.md" if inside.startswith("..") else inside


def _targets(source: str, text: str) -> Iterator[str]:
    """Yield the files outside docs/ that a page links to and that have no page of their own."""
    for _, target in LINK.findall(text):
        resolved = _resolved(source, target)
        if _page_of(resolved).startswith("source/") and (ROOT / resolved).exists():
            yield resolved


def _shown(target: str) -> str:
    """Return a page with the content of a file, or the names in a folder."""
    path = ROOT / target
    front = f"---\nsearch:\n  exclude: true\ntitle: {target}\nhide: [toc]\n---\n\n# {path.name}\n\n`{target}`\n\n"
    if path.is_dir():
        return front + "".join(f"- `{one.name}`\n" for one in sorted(path.iterdir()) if one.name != "__pycache__")
    return f"{front}{FENCE}{LANGUAGES.get(path.suffix, 'text')}\n{path.read_text(encoding='utf-8')}\n{FENCE}\n"


def _named(nav: list[Any]) -> Iterator[str]:
    for entry in nav:
        for value in entry.values() if isinstance(entry, dict) else [entry]:
            if isinstance(value, list):
                yield from _named(value)
            elif "*" not in value:
                yield value


def _expanded(nav: list[Any], named: set[str]) -> list[Any]:
    """Return an order with pages in place of its patterns, without what then is empty."""
    found: list[Any] = []
    for entry in nav:
        if isinstance(entry, dict):
            for title, value in entry.items():
                pages = _expanded(value if isinstance(value, list) else [value], named)
                alone = not isinstance(value, list) and "*" not in value
                found += [{title: pages[0] if alone else pages}] if pages else []
        else:
            found += _matching(entry, named) if "*" in entry else [entry]
    return found


def _matching(pattern: str, named: set[str]) -> list[str]:
    """Return the pages of a pattern that the order does not name, the one that introduces them first."""
    docs = ROOT / "docs"
    pages = [path.relative_to(docs).as_posix() for path in docs.glob(pattern)]
    folder = posixpath.dirname(pattern)
    pages += [name for name in FROM_ROOT.values() if posixpath.dirname(name) == folder and fnmatch(name, pattern)]
    return sorted(
        (page for page in pages if page not in named), key=lambda page: (not page.endswith("README.md"), page)
    )
