"""The pages in a headless Chromium: what a person sees and types, on two screens and in both themes."""

import numpy as np
import pytest

import meanrev
from meanrev_server.authentication import token_line
from tests.server.dashboard.browser import CHROMIUM, chromium, opening
from tests.server.dashboard.site import HOSTILE, client_of, serving

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Chromium (Debian's package chromium), and there is none"
)

SCREENS = ("overview", "jobs", "matrices", "sweep", "pair", "book")
PIXELS = """(() => {
  const canvas = document.querySelector('%s canvas');
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Set();
  for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255) seen.add(data.slice(i, i + 3).join());
  return [...seen];
})()"""
LINE = {False: "21,89,183", True: "125,180,255"}
"""The colour of the first line of a chart, in the light and in the dark."""

FOCUS = "document.activeElement.id || document.activeElement.name || document.activeElement.textContent.trim()"


@pytest.fixture(scope="module")
def devtools():
    with chromium() as address:
        yield address


@pytest.fixture(scope="module")
def matrix(matrix_id, client):
    client.put_portfolio("book", {"KO": 100.0}, cash=1000.0)
    client.publish({"KO": 60.0})
    return matrix_id


def opened(page, site, screen):
    page.open(f"{site.url}/#{screen}")
    page.until(f"!document.getElementById('{screen}-screen').hidden")


def submit(page, form, **values):
    page.until(f"[...document.querySelector('#{form}').elements].every((e) => e.tagName !== 'SELECT' || e.value)")
    page.until(f"[...document.querySelectorAll('#{form} datalist')].every((e) => e.options.length)")
    for name, value in sorted(values.items(), key=lambda each: each[0] != "matrix_id"):  # it changes the others
        page.until(f"(document.querySelector('#{form}').elements.{name}.value = {value!r})")
    page.click(f"#{form} button[type=submit]")


def drawn(page, place, colour):
    """Wait until a canvas has opaque dots of a colour."""
    page.until(f"document.querySelector('{place} canvas')")
    page.until(f"({PIXELS % place}).includes('{colour}')")


def behaved(page, site):
    """Check that the page has asked nobody but the server, has no error, and fits its window."""
    assert page.console == []
    assert {url for url in page.asked if not url.startswith((site.url + "/", "about:blank"))} == set()
    assert page.value("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_every_screen_draws_without_an_error_or_a_request_elsewhere(site, devtools, matrix, width, dark):
    with opening(devtools, width=width, dark=dark) as page:
        opened(page, site, "overview")
        page.until("document.querySelectorAll('#overview-charts canvas').length === 5")
        page.until("document.querySelectorAll('#overview-tiles dd').length >= 8")
        drawn(page, "#overview-charts", LINE[dark])
        behaved(page, site)
        page.value("void (location.hash = '#matrices')")
        page.until("document.querySelector('#matrices-list td')")
        behaved(page, site)
        page.value("void (location.hash = '#jobs')")
        page.until("document.querySelector('#jobs-list').textContent")
        page.value("void (location.hash = '#sweep')")
        submit(page, "sweep-form", column="Y", matrix_id=matrix)
        page.until("document.querySelector('#sweep-heatmap canvas')")
        page.until(f"({PIXELS % '#sweep-heatmap'}).length > 20")
        drawn(page, "#sweep-equity", LINE[dark])
        behaved(page, site)
        page.value("void (location.hash = '#pair')")
        submit(page, "pair-form", y="Y", x="X", matrix_id=matrix)
        page.until("document.querySelectorAll('#pair-result canvas').length === 4")
        drawn(page, "#pair-result", LINE[dark])
        behaved(page, site)
        page.value("void (location.hash = '#book')")
        submit(page, "book-form", portfolio_id="book")
        drawn(page, "#book-charts", LINE[dark])
        assert page.value("document.querySelector('#book-tiles').textContent").startswith("Statushealthy")
        behaved(page, site)
        assert page.value("document.querySelectorAll('canvas').length") > 10
        without = "[...document.querySelectorAll('figure')].filter((each) => !each.querySelector('details'))"
        assert page.value(f"{without}.length") == 0


def test_the_theme_follows_the_system_and_its_switch(site, devtools):
    background = "getComputedStyle(document.body).backgroundColor"
    with opening(devtools, dark=True) as page:
        opened(page, site, "overview")
        dark = page.value(background)
        page.click("#theme")
        light = page.value(background)
        assert page.value("document.documentElement.dataset.theme") == "light"
        assert {dark, light} == {"rgb(18, 22, 28)", "rgb(255, 255, 255)"}
        page.open(f"{site.url}/#jobs")
        page("Page.reload")
        page.until("document.querySelector('#theme')?.textContent === 'Theme: light'")
        page.click("#theme")
        assert page.value(background) == dark
        behaved(page, site)


class TestKeyboard:
    def test_the_tab_key_reaches_the_content_the_screens_and_each_field(self, site, devtools, matrix):
        with opening(devtools) as page:
            opened(page, site, "pair")
            page.until("document.querySelector('#pair-form').elements.x.value")
            reached = []
            for _ in range(16):
                page.press("Tab")
                reached.append(page.value(FOCUS))
            assert reached[:7] == ["Skip to the content", "Overview", "Jobs", "Matrices", "Sweep", "Pair", "Book"]
            assert reached[7] == "theme"
            fields = ["matrix_id", "y", "x", "log", "cost", "periods_per_year", "fit_share", "Fit and trade"]
            assert reached[8:16] == fields
            page.press("Enter")
            page.until("document.querySelectorAll('#pair-result canvas').length === 4")
            behaved(page, site)

    def test_the_first_link_skips_to_the_content_of_the_same_screen(self, site, devtools):
        with opening(devtools) as page:
            opened(page, site, "jobs")
            page.press("Tab")
            page.press("Enter")
            page.until("document.activeElement.id === 'main'")
            assert not page.value("document.getElementById('jobs-screen').hidden")

    def test_arrows_choose_a_cell_and_enter_draws_its_equity(self, site, devtools, matrix):
        with opening(devtools) as page:
            opened(page, site, "sweep")
            submit(page, "sweep-form", column="Y", matrix_id=matrix)
            page.until("document.querySelector('#sweep-equity canvas')")
            page.value("document.querySelector('.heat').focus()")
            said = "document.querySelector('#sweep-heatmap [role=status]').textContent"
            page.press("ArrowLeft", 12)
            page.press("ArrowUp", 12)
            assert page.value(said).startswith("entry 0.5, exit 1.5: ")
            page.press("ArrowRight", 10)
            assert page.value(said).startswith("entry 3, exit 1.5: Sharpe ratio ")
            page.press("Enter")
            page.until("document.querySelector('#sweep-equity h3').textContent === 'Entry 3, exit 1.5'")
            behaved(page, site)

    def test_arrows_move_the_cursor_of_a_chart(self, site, devtools, matrix):
        with opening(devtools) as page:
            opened(page, site, "pair")
            submit(page, "pair-form", y="Y", x="X", matrix_id=matrix)
            page.until("document.querySelectorAll('#pair-result .u-legend .u-value').length")
            date = "document.querySelector('#pair-result .u-legend .u-value').textContent"
            page.value("document.querySelector('#pair-result .plot').focus()")
            last = page.value(date)
            page.press("ArrowLeft", 3)
            page.until(f"{date} < {last!r}")


def test_a_table_beside_a_canvas_has_its_numbers(site, devtools, matrix):
    grid_of = {"entry": "1:2:0.5", "exit": "0:0.5:0.5", "periods_per_year": 260}
    with opening(devtools) as page:
        opened(page, site, "sweep")
        submit(page, "sweep-form", column="Y", matrix_id=matrix, **grid_of)
        page.click("#sweep-heatmap summary")
        page.until("document.querySelector('#sweep-heatmap table')")
        rows = page.value(
            "[...document.querySelectorAll('#sweep-heatmap tr')].map((r) => [...r.children].map((c) => c.textContent))"
        )
    *_, (_, grid) = site.events("sweep", {"matrix_id": matrix, "column": "Y", **grid_of})
    assert rows[0][1:] == ["1", "1.5", "2"]
    shown = {
        (float(entry), float(row[0])): float(text)
        for row in rows[1:]
        for entry, text in zip(rows[0][1:], row[1:], strict=True)
    }
    for entry, leave, value in zip(grid["entry"], grid["exit"], grid["figures"]["sharpe_ratio"], strict=True):
        assert shown[entry, leave] == pytest.approx(value, rel=0.01)


def test_a_name_that_is_markup_is_shown_as_it_is(site, devtools, matrix):
    with opening(devtools) as page:
        opened(page, site, "sweep")
        submit(page, "sweep-form", column=HOSTILE, matrix_id=matrix)
        page.until("document.querySelector('#sweep-heatmap figcaption')")
        assert HOSTILE in page.value("document.querySelector('#sweep-heatmap figcaption').textContent")
        submit(page, "sweep-form", column=HOSTILE + "!", matrix_id=matrix)
        page.until("!document.querySelector('#sweep-form .error').hidden")
        said = page.value("document.querySelector('#sweep-form .error').textContent")
        assert said == f"columns[0] must be a column of the kept matrix, such as 'Y', got '{HOSTILE}!'"
        assert page.value("document.querySelector('[name=column]').getAttribute('aria-invalid')") == "true"
        assert page.value("document.querySelectorAll('img').length") == 0
        # The browser itself reports an answer with status 400.
        assert [line for line in page.console if "400" not in str(line)] == []


def test_a_matrix_is_dropped_once_it_is_confirmed(site, devtools, client):
    kept = client.put([[float(row), 1.0] for row in range(40)]).matrix_id
    with opening(devtools) as page:
        opened(page, site, "matrices")
        page.until(f"document.querySelector('[data-id=\"{kept}\"]')")
        page.value("void (window.confirm = () => false)")
        page.click(f"[data-id='{kept}']")
        assert kept in {each["matrix_id"] for each in site.get("matrices").json["matrices"]}
        page.value("void (window.confirm = () => true)")
        page.click(f"[data-id='{kept}']")
        page.until(f"!document.querySelector('[data-id=\"{kept}\"]')")
        assert kept not in {each["matrix_id"] for each in site.get("matrices").json["matrices"]}
        behaved(page, site)


def test_a_job_is_cancelled_by_its_button(site, devtools, client):
    prices = np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.01, (8000, 120)), axis=0))
    job = client.submit("sweep", prices, entry=meanrev.grid(0.5, 3, 0.01), exit=meanrev.grid(-0.5, 1.5, 0.02)).job_id
    with opening(devtools) as page:
        opened(page, site, "jobs")
        page.click(f"[data-id='{job}']")
        page.until(f"document.querySelector('[title=\"{job}\"]').closest('tr').textContent.includes('cancelled')")
        page.until(f"!document.querySelector('[data-id=\"{job}\"]')")
        behaved(page, site)


def test_a_token_is_asked_for_and_forgotten(devtools, tmp_path):
    path, token = tmp_path / "tokens", "t" * 40
    path.write_text(token_line("alice", token))
    path.chmod(0o600)
    with serving(token_file=str(path)) as site, client_of(site, token) as client, opening(devtools) as page:
        client.put([[1.0], [2.0], [3.0]])
        opened(page, site, "matrices")
        page.until("document.querySelector('#login').open")
        assert page.value("document.querySelector('#login-reason').textContent") == "This server asks for a token."
        page.type("wrong" * 10)
        page.press("Enter")
        page.until("document.querySelector('#login-reason').textContent.startsWith('the token is not one')")
        page.until("document.querySelector('#login').open")
        page.type(token)
        page.press("Enter")
        page.until("document.querySelector('#matrices-list td')")
        page.until("document.querySelector('#who').textContent === 'alice'")
        assert page.value("sessionStorage.getItem('meanrev-token')") == token
        assert page.value("[localStorage.length, document.cookie].join()") == "0,"
        page.click("#forget")
        page.until("document.querySelector('#login').open")
        assert page.value("sessionStorage.length") == 0


def test_the_overview_says_when_the_server_is_gone_and_goes_on_when_it_is_back(devtools):
    with opening(devtools) as page:
        with serving() as site:
            opened(page, site, "overview")
            page.until("document.querySelector('#overview-charts canvas')")
            where = f"127.0.0.1:{site.port}"
        page.until("!document.querySelector('#notice').hidden")
        assert page.value("document.querySelector('#notice').textContent").startswith("The samples have stopped: ")
        with serving(dashboard=where):
            page.until("document.querySelector('#notice').hidden")
