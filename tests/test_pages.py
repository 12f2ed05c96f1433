"""Pages that are made from the code are what the code says, and the figures of the README stand in bench/results."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README, SITE = ROOT / "README.md", ROOT / "docs" / "site"

pytestmark = pytest.mark.skipif(not README.is_file(), reason="needs the checkout, and this run has the wheel alone")


def made():
    from tests.pages import PAGES

    return PAGES


@pytest.mark.parametrize("name", ["benchmarks.md", "statuses.md", "wire.md"])
def test_a_page_is_what_the_code_says(name):
    pages = made()
    assert len(pages) == 3
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == pages[name](), "make pages writes it anew"


def test_a_status_without_a_meaning_is_an_error():
    from tests.pages.statuses import paired

    assert paired(("b", "a"), {"a": "one", "b": "two"}) == [("b", "two"), ("a", "one")]
    with pytest.raises(ValueError, match=r"without a meaning: \{'c'\}"):
        paired(("a", "c"), {"a": "one"})
    with pytest.raises(ValueError, match=r"unknown: \{'b'\}"):
        paired(("a",), {"a": "one", "b": "two"})


def test_the_schema_s_methods_and_messages_are_on_the_page():
    from meanrev_wire import meanrev_pb2, research_pb2

    text = (ROOT / "docs" / "wire.md").read_text(encoding="utf-8")
    for module in (meanrev_pb2, research_pb2):
        for service in module.DESCRIPTOR.services_by_name.values():
            assert [method.name for method in service.methods if f"| `{method.name}` |" not in text] == []
        for name, message in module.DESCRIPTOR.message_types_by_name.items():
            section = re.search(rf"^### {name}\n(.*?)(?=^##|\Z)", text, re.DOTALL | re.MULTILINE)
            assert section, name
            rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", section[1], re.MULTILINE)
            assert [(int(number), field) for number, field in rows] == [(f.number, f.name) for f in message.fields]


def figures():
    """Return the figures of the README, each as its result of bench/ gives it."""
    from tests.pages.benchmarks import newest

    rows = {(row["work"], row["peer"]): row for row in newest("targets")[1]["rows"]}
    pairs = rows["pairs 100 x 1,258, lag 1, both directions", "statsmodels coint"]
    grid = rows["sweep 100 x 2,500 x 100, compounding", "Numba fused, parallel"]
    batch = newest("batch")[1]["many"]
    faults = newest("faults")[1]["rows"]
    table = newest("calibration-unit-root")[1]["tables"][0]
    covers, usual = (table["columns"].index(name) for name in ("covers", "by standard errors"))
    shares = [row[covers] for row in table["rows"]]
    walks = [row[usual] for row in table["rows"] if row[table["columns"].index("theta")] == 0]
    return (
        f"take {1e3 * pairs['ours']:.1f} ms",
        f"takes {pairs['theirs']:.1f} s",
        f"takes {1e3 * grid['ours']:.1f} ms",
        f"Numba {1e3 * grid['theirs']:.0f} ms",
        f"the {batch['n_pairs']:,} pairs of",
        f"in {batch['wall_s']:.0f} s",
        f"takes {batch['driver_peak_mb']:.0f} MB",
        f"processes {batch['worker_mb']:.0f} MB",
        f"in {100 * min(shares):.0f} to {100 * max(shares):.0f} % of samples",
        f"in {100 * min(walks):.0f} to {100 * max(walks):.0f} %",
        f"[{len(faults)} faults]",
        f"measured, {sum(row['holds'] for row in faults)} stay",
    )


def test_the_figures_of_the_readme_stand_in_the_newest_results():
    text = " ".join(README.read_text(encoding="utf-8").split())
    assert [figure for figure in figures() if figure not in text] == []


@pytest.fixture(scope="module")
def links():
    """The module that checks a built site."""
    spec = importlib.util.spec_from_file_location("links", SITE / "links.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGE = '<h1 id="top">x</h1><a href="b.html#there">b</a><a href="https://example.org">out</a><img src="p.svg">'


@pytest.fixture
def site(tmp_path):
    """A site of two pages without a fault."""
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "b.html").write_text('<p id="there"><a href="index.html#top">a</a><a href="#there">here</a></p>')
    (tmp_path / "p.svg").write_text("<svg/>")
    (tmp_path / "x.css").write_text("p { background: url(p.svg) }")
    return tmp_path


def test_a_site_without_a_fault_passes(links, site, capsys):
    assert links.main(site) == 0
    assert capsys.readouterr().out == "2 pages, 0 faults\n"


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        ("b.html", "<p></p>", "index.html links to b.html#there, and that page has no such anchor"),
        ("c.html", '<a href="nowhere.html">x</a>', "c.html links to nowhere.html, which does not exist"),
        ("c.html", '<script src="https://cdn.example/x.js"></script>', "c.html loads https://cdn.example/x.js"),
        ("c.html", '<link rel="stylesheet" href="none.css">', "c.html loads none.css, which does not exist"),
        ("x.css", "@import 'https://fonts.example/x'", "x.css loads from another place"),
    ],
)
def test_a_fault_of_a_site_is_found(links, site, capsys, file, text, fault):
    (site / file).write_text(text)
    assert links.main(site) == 1
    assert fault in capsys.readouterr().err.splitlines()


def test_a_folder_without_a_page_is_no_site(links, tmp_path, capsys):
    assert links.main(tmp_path) == 1
    assert "has no page" in capsys.readouterr().err
