"""`meanrev put`, `matrices` and `drop`, and sweeps and scans of a matrix that a server keeps."""

import json

import pytest

import meanrev as mr
from tests.cli.universe import NAMES, prices, write

GRID = ["--entry", "1:2:0.5", "--exit", "0:0:1", "--lookback", "20", "--walk-forward", "200/100"]


@pytest.fixture
def file(tmp_path):
    return write(tmp_path / "prices.csv", prices())


@pytest.fixture
def kept(run, server, file):
    """The id of the file's matrix; nothing else is kept."""
    result = run("put", str(file), "--host", server, "--json")
    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    yield answer["matrix_id"]
    with mr.Client(server) as client:
        for left in client.matrices():
            client.drop(left)


def answer_of(run, *words):
    result = run(*words, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_a_matrix_is_put_listed_and_dropped(run, server, file, kept):
    text = run("put", str(file), "--host", server).stdout
    assert f"{kept}: {len(prices()):,} rows of {len(NAMES)} columns" in text
    (listed,) = answer_of(run, "matrices", "--host", server)["matrices"]
    assert (listed["matrix_id"], listed["rows"], listed["cols"]) == (kept, len(prices()), len(NAMES))
    assert kept[:12] in run("matrices", "--host", server).stdout
    assert run("drop", kept[:6], "--host", server).stdout.startswith(f"{kept}: forgotten")
    assert run("matrices", "--host", server).stdout.strip() == "no matrices"
    assert answer_of(run, "put", str(file), "--host", server)["matrix_id"] == kept
    assert answer_of(run, "drop", kept, "--host", server)["matrix_id"] == kept


@pytest.mark.parametrize("words", [("sweep", *GRID), ("scan", "--alpha", "1", "--null-universes", "0")])
@pytest.mark.parametrize("chosen", [(), ("--columns", f"{NAMES[2]},{NAMES[0]}")])
def test_the_matrix_gives_what_the_file_gives(run, server, file, kept, words, chosen):
    command, *options = words
    by_file = answer_of(run, command, str(file), *options, *chosen, "--host", server)
    by_id = answer_of(run, command, "--matrix", kept[:8], *options, *chosen, "--host", server)
    for answer in (by_file, by_id):
        del answer["intake"]
    assert by_id == by_file


@pytest.mark.parametrize(("command", "words"), [("sweep", GRID), ("scan", ["--alpha", "1", "--null-universes", "0"])])
def test_a_picture_and_a_page_name_the_matrix(run, server, kept, tmp_path, command, words):
    page = tmp_path / "page.html"
    result = run(command, "--matrix", kept, *words, "--host", server, "--report", str(page))
    assert result.exit_code == 0, result.stderr
    assert f"matrix {kept}, {len(NAMES)} columns of {len(prices())} rows" in result.stdout
    assert f"{command.capitalize()} of matrix {kept[:12]}" in page.read_text(encoding="utf-8")


def test_an_estimate(run, server, file, kept):
    by_file, by_id = (
        answer_of(run, "sweep", *which, *GRID, "--host", server, "--dry-run")
        for which in ([str(file)], ["--matrix", kept])
    )
    assert by_id["estimate"]["work"] == by_file["estimate"]["work"] > 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["sweep"], 2, "give either PRICES, a file, or --matrix"),
        (["sweep", "FILE", "--matrix", "ID"], 2, "give either PRICES, a file, or --matrix"),
        (
            ["sweep", "--matrix", "ID", "--sort"],
            2,
            "--matrix takes --column and --columns; the other options of PRICES",
        ),
        (["sweep", "--matrix", "ID", "--pair", "A,B"], 2, "--pair needs PRICES"),
        (["scan", "--matrix", "ID", "--column", "nobody"], 4, "columns[0] must be of the kept matrix, such as"),
        (["scan", "--matrix", "zz"], 4, "no matrix begins with 'zz'"),
        (["scan", "--matrix", "0" * 64], 4, "matrix_id must be of a matrix that PutMatrix keeps"),
        (["drop", "zz"], 4, "no matrix begins with 'zz'; `meanrev matrices --json` shows whole ids"),
        (["drop", "0" * 64], 4, "matrix_id must be of a matrix that PutMatrix keeps"),
    ],
)
def test_what_cannot_be_done_says_why(run, server, file, kept, words, code, said):
    words = [{"ID": kept, "FILE": str(file)}.get(word, word) for word in words]
    result = run(*words, "--host", server)
    assert (result.exit_code, said in result.stderr) == (code, True), result.stderr


def test_this_process_keeps_no_matrix_for_the_next(run):
    result = run("scan", "--matrix", "0" * 64)
    assert result.exit_code == 2
    assert "--matrix needs --host (or MEANREV_HOST): a running server keeps the matrix" in result.stderr
