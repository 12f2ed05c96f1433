"""The pages on how the code is built name only what there is, and describe the layers that import-linter enforces."""

import ast
import fnmatch
import importlib
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from tests.sources import nodes

ROOT = Path(__file__).resolve().parent.parent
ARCHITECTURE = ROOT / "docs" / "ARCHITECTURE.md"
PAGES = [page for page in (ARCHITECTURE, ROOT / "docs/GLOSSARY.md", ROOT / "CONTRIBUTING.md") if page.is_file()]
CODE = (
    "gpu_kernels",
    "proto",
    "server",
    "client",
    "batch",
    "tests",
    "bench",
    "deploy",
    "docs",
    "requirements",
    ".github",
)
PACKAGES = {"gpu_kernels": ".", "meanrev_wire": "proto", "meanrev_worker": "server", "meanrev_server": "server"}
PACKAGES |= dict.fromkeys(("meanrev", "meanrev_cli", "meanrev_demo", "meanrev_local"), "client") | {
    "meanrev_batch": "batch"
}
WORDS = ("*.cu", "*.h", "*.proto", "*.toml", "*.sh", "*.yaml", "Makefile")
ELSEWHERE = {"maximum_concurrent_rpcs"}
"""Names of other projects that the pages speak of."""
LIBRARIES = ("math", "numpy", "pytest")
SUFFIXES = (".py", ".cu", ".h", ".cc", ".md", ".proto", ".toml", ".yml", ".yaml", ".txt", ".sh", ".json")

pytestmark = pytest.mark.skipif(not PAGES, reason="needs the checkout, and this run has the wheel alone")


@cache
def files() -> tuple[str, ...]:
    """Return the checkout's files and folders, from its root."""
    found = [path for folder in CODE for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts]
    return tuple(str(path.relative_to(ROOT)) for path in (*found, *ROOT.iterdir()))


@cache
def modules() -> tuple[str, ...]:
    """Return the dotted names of the product's modules and packages."""
    found = []
    for package, folder in PACKAGES.items():
        for path in (ROOT / folder / package).rglob("*.py"):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return tuple(found)


@cache
def names() -> frozenset[str]:
    """Return what Python code defines or spells as a text, and every word of the other sources."""
    found = {part for module in modules() for part in module.split(".")}
    for folder in CODE:
        for path in (ROOT / folder).rglob("*.py"):
            if path != Path(__file__):
                found |= {name for node in nodes(path) for name in _defined(node)}
    others = [path for folder in CODE for name in WORDS for path in (ROOT / folder).rglob(name)]
    for path in (*others, ROOT / "pyproject.toml", ROOT / "Makefile"):
        found |= set(re.findall(r"[\w-]+", path.read_text(encoding="utf-8")))
    return frozenset(found | ELSEWHERE)


@cache
def members() -> dict[str, set[str]]:
    """Return what each class of the product defines, by its name."""
    found: dict[str, set[str]] = {}
    for package, folder in PACKAGES.items():
        for path in (ROOT / folder / package).rglob("*.py"):
            for node in nodes(path):
                if isinstance(node, ast.ClassDef):
                    inner = {name for each in ast.walk(node) for name in _defined(each)}
                    found.setdefault(node.name, set()).update(inner)
    return found


def _defined(node: ast.AST) -> set[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
            return {name}
        case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
            return {name}
        case ast.Constant(value=str(name)):
            return {name}
    return set()


def spans(page: Path) -> list[str]:
    """Return what a page sets as code within its sentences and tables."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"`([^`\n]+)`", text)


def exists(span: str) -> bool:
    """Tell whether a span of code names something of this project; a phrase with spaces is judged by its commands."""
    if span.startswith("make "):
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        return set(span.split()[1:]) <= {*targets, *(word for word in span.split() if "=" in word)}
    if " " in span or span.startswith(("~", "-", '"', ".venv", "http", "/tmp", "[")):
        return True
    if "/" in span or span.endswith(SUFFIXES):
        pattern = re.sub(r"<[^>]+>", "*", span.rstrip("/"))  # "<op>" stands for any operation
        return bool(fnmatch.filter(files(), pattern) or fnmatch.filter(files(), f"*/{pattern}"))
    dotted = re.split(r"[(=]", span.lstrip("@"))[0].rstrip("*")
    if "<" in dotted or "." not in dotted:
        return "<" in dotted or dotted in names()
    owner, _, attribute = dotted.partition(".")
    readings = [*_readings(dotted), *([(owner, attribute.split("."))] if owner in LIBRARIES else [])]
    return attribute in members().get(owner, ()) or any(map(_importable, readings))


def _readings(dotted: str) -> list[tuple[str, list[str]]]:
    """Return every split of a dotted name into a module of the product and attributes of it."""
    parts = dotted.split(".")
    return [
        (module, parts[length:])
        for length in range(len(parts), 0, -1)
        for module in modules()
        if f".{module}".endswith("." + ".".join(parts[:length]))
    ]


def _importable(reading: tuple[str, list[str]]) -> bool:
    module, attributes = reading
    found = importlib.import_module(module) if attributes else None
    for name in attributes:
        fields = getattr(found, "__dataclass_fields__", {}), getattr(found, "__annotations__", {})
        if not hasattr(found, name):
            return any(name in known for known in fields) and name == attributes[-1]
        found = getattr(found, name)
    return True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_everything_that_a_page_names_exists(page):
    assert [span for span in spans(page) if not exists(span)] == []


@pytest.mark.parametrize(
    "span",
    [
        "make nothing",
        "gpu_kernels/nowhere.py",
        "nowhere.cu",
        "dispatch.nothing",
        "Client.nothing",
        "no_such_name_anywhere",
    ],
)
def test_a_name_of_nothing_is_found(span):
    assert not exists(span)


def test_the_layers_of_the_page_are_those_that_import_linter_enforces():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    enforced = {contract["name"]: contract.get("layers") for contract in contracts}
    blocks = re.findall(r"^```\n(.*?)^```", ARCHITECTURE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    for name in ("The packages", "Inside the server"):
        assert "\n".join(enforced[name]) + "\n" in blocks


@pytest.mark.parametrize(
    ("folder", "pattern", "files"),
    [
        (
            "server",
            r"^ *(import|from) grpc\b",
            {
                *("app.py", "listener.py", "adapter.py", "exchange.py", "reading.py", "probes.py", "status.py"),
                *("counted.py", "channelz.py"),
            },
        ),
        ("server", r"\b(FromString|ParseFromString)\b", set()),
        ("proto/meanrev_wire", r"\b(FromString|ParseFromString)\b", {"codec.py", "large.py"}),
        ("gpu_kernels", r"^ *(import|from) cupy\b", {"device.py"}),
        ("gpu_kernels", r"^ *(import|from) cuda\b", {"compile.py"}),
        ("server", r"^ *(import|from) (cupy|cuda)\b", set()),
    ],
)
def test_only_the_modules_that_the_page_names_do_this(folder, pattern, files):
    paths = [path for path in (ROOT / folder).rglob("*.py") if "_pb2" not in path.name]
    assert {path.name for path in paths if re.search(pattern, path.read_text("utf-8"), re.MULTILINE)} == files


def test_the_batcher_uses_no_clock_thread_or_await():
    tree = ast.parse((ROOT / "server/meanrev_server/batcher.py").read_text("utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert not imported & {"time", "threading", "asyncio"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Await | ast.AsyncFunctionDef)]


def test_the_folders_of_the_page_are_those_of_the_wheel():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {Path(path).name for path in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]}
    table = re.findall(r"^\| `[\w/]+/` \| `(\w+)` \|", ARCHITECTURE.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(table) == packages
    assert len(table) == len(packages)
