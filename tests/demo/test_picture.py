"""How the story looks: on a terminal of 80 columns, and on a page that needs nothing else."""

import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from rich.console import Console

from meanrev.pictures import elements as svg
from meanrev.pictures.colours import contrasting, hexadecimal, ramp
from meanrev_demo import charts, page, sentences, terminal

SENTENCES = [getattr(sentences, name) for name in sentences.__all__]


def drawn(story, width=80, **options):
    page = io.StringIO()
    Console(file=page, width=width, highlight=False, **options).print(terminal.picture(story, "demo.html"))
    return page.getvalue()


@pytest.fixture(scope="module")
def html(story):
    return page.page(story)


def test_the_terminal_says_every_sentence(story):
    text = " ".join(drawn(story).split())
    for sentence in SENTENCES:
        assert sentence(story) in text
    assert "Saved: demo.html" in text


def test_eighty_columns_hold_it_and_no_table_wraps(story):
    lines = drawn(story).splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(line.lstrip().startswith("entry ") for line in lines) == 12
    assert sum(" optimum " in line and "this spread" in line for line in lines) == 1


def test_the_heatmap_is_coloured_where_colours_are_shown_and_numbered_where_not(story):
    assert "\x1b[" not in drawn(story)
    coloured = drawn(story, force_terminal=True, color_system="truecolor")
    assert "48;2;" in coloured
    best = np.nanmax(story.heatmap.sharpe[::2, ::2])
    assert f"{best:.2f}" in drawn(story)


def test_a_snapshot_shows_the_terminal_and_asks_for_nothing(story):
    from meanrev_demo.snapshot import snapshot

    drawing = snapshot(terminal.picture(story, None))
    root = ET.fromstring(drawing)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "url(https" not in drawing.replace('"', "").replace("'", "")
    assert "font-face" not in drawing
    assert "Where\xa0to\xa0trade" in "".join(root.itertext())


def test_the_page_says_every_sentence(story, html):
    from html import unescape

    text = unescape(html)
    for sentence in SENTENCES:
        assert sentence(story) in text


def test_the_page_asks_nothing_of_anybody(html):
    for word in ("http:", "https:", "//", "<script", "<link", "<img", "src=", "href=", "url(", "@import", "<iframe"):
        assert word not in html, word


class Structure(HTMLParser):
    """Counts elements and checks that each is closed where it should be."""

    VOID = frozenset({"meta"})

    def __init__(self):
        super().__init__()
        self.open = []
        self.seen = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_each_chart_has_its_table(html):
    structure = Structure()
    structure.feed(html)
    assert structure.open == []
    tags = [tag for tag, _ in structure.seen]
    assert tags.count("figure") == tags.count("svg") == 4
    figures = re.findall(r"<figure>.*?</figure>", html, flags=re.DOTALL)
    assert all("<table>" in figure and "<figcaption>" in figure for figure in figures)
    labels = [attributes.get("aria-label") for tag, attributes in structure.seen if tag == "svg"]
    assert all(labels)
    assert len(set(labels)) == 4


def test_every_colour_of_the_light_page_has_a_dark_twin():
    from meanrev_demo.style import STYLE

    light, dark = re.findall(r":root\{(.*?)\}", STYLE, flags=re.DOTALL)
    names = set(re.findall(r"--[a-z-]+(?=:)", light))
    assert names == set(re.findall(r"--[a-z-]+(?=:)", dark))
    assert set(re.findall(r"var\((--[a-z-]+)\)", STYLE)) <= names
    assert "prefers-color-scheme:dark" in STYLE


def test_classes_that_are_drawn_are_styled(html):
    from meanrev_demo.style import STYLE

    used = {name for names in re.findall(r'class="([^"]+)"', html) for name in names.split()}
    assert used - {"cell"} <= set(re.findall(r"\.([a-z]+)", STYLE))


@pytest.mark.parametrize("name", ["spread", "equity", "heatmap", "universe"])
def test_charts_stay_inside_their_frame(story, name):
    subject = story.universe if name == "universe" else story
    root = ET.fromstring(getattr(charts, name)(subject))
    _, _, width, height = map(float, root.get("viewBox").split())
    for shape in root.iter():
        for attribute, limit in (("x", width), ("cx", width), ("x1", width), ("y", height), ("cy", height)):
            if shape.get(attribute) is not None:
                assert -0.1 <= float(shape.get(attribute)) <= limit, ET.tostring(shape)
        for point in (shape.get("points") or "").split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= width
            assert 0 <= y <= height


def test_a_month_is_drawn_where_its_z_score_says(story):
    root = ET.fromstring(charts.spread(story))
    points = next(shape for shape in root.iter("polyline")).get("points").split()
    assert len(points) == 393
    heights = np.array([float(point.split(",")[1]) for point in points])
    slope, intercept = np.polyfit(story.spread.z_score, heights, 1)
    assert slope < 0
    np.testing.assert_allclose(heights, intercept + slope * story.spread.z_score, atol=0.06)


def test_words_from_outside_are_escaped(story):
    odd = replace(story, device="<script>alert(1)</script> & co")
    assert "<script" not in page.page(odd)
    assert "&lt;script&gt;" in page.page(odd)
    assert svg.text("a < b", 0, 0).count("&lt;") == 1


def test_a_scale_maps_ends_to_ends_and_ticks_lie_within():
    scale = svg.Scale(-0.25, 1.0, 100, 0)
    assert (scale.at(-0.25), scale.at(1.0), scale.at(0.375)) == (100, 0, 50)
    assert scale.ticks(0.5) == [0, 0.5, 1.0]
    assert svg.Scale(0.1, 0.3, 0, 1).ticks(0.1) == pytest.approx([0.1, 0.2, 0.3])


def test_the_colour_scale_is_dark_to_light_and_its_words_can_be_read():
    def weight(share):
        red, green, blue = ramp(share)
        return 0.299 * red + 0.587 * green + 0.114 * blue

    weights = [weight(share) for share in np.linspace(0, 1, 50)]
    assert weights == sorted(weights)
    assert hexadecimal(ramp(-1)) == hexadecimal(ramp(0)) == "#440154"
    assert hexadecimal(ramp(2)) == "#fde725"
    assert contrasting(ramp(0)) == "#ffffff"
    assert contrasting(ramp(1)) == "#000000"
