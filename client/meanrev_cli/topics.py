"""Texts of `meanrev help` on what several commands share."""

from collections.abc import Mapping

__all__ = ["TOPICS"]

TOPICS: Mapping[str, str] = {
    "files": """Files of prices

PRICES is a file of CSV, Parquet, Arrow IPC (Feather) or Excel, a pattern such
as 'prices/*.csv', or an address with ://. A column is a series and a row a
bar, oldest first; --long DATE,NAME,VALUE reads a table with a row a price.
Separators, times, row numbers and markers of missing values are recognised;
what is ambiguous is refused with the option that resolves it. --column NAME
(again for more) or --columns A,B choose columns; --sort puts rows into order.
Every answer says what was read.
""",
    "output": """Output

A command prints text for people, as wide as the terminal: columns that do not
fit are named, and no digit is cut. --json prints one JSON document instead.
--out writes every figure as .csv, .csv.gz, .tsv or .parquet, and --report a
page of HTML. A long command draws a bar on a terminal; elsewhere it writes a
line on stderr every five seconds.
""",
    "errors": """Errors

A command that fails prints one line on stderr; with --json it prints
{"error": {"exit_code", "kind", "message", ...}} on stdout too, with field,
index and value where they are known. Exit codes: 0 ok, 1 anything else, 2
usage, 3 no server or a busy one, 4 bad data, 5 device, 6 a batch run that is
not complete, 130 interrupted.
""",
    "servers": """Where it computes

Without --host the command computes in its own process. --host HOST:PORT or
unix:/path (or MEANREV_HOST) names a server, which `meanrev serve` starts.
--token-file (or MEANREV_TOKEN) and --tls-ca (or MEANREV_TLS_CA) give it what
it asks for.
""",
    "costs": """Costs and rates

--cost is that of one purchase or sale: 5bp, 0.05% or 0.0005 are the same. It
is a fraction of the traded amount, or with a spread of prices as they are an
amount in units of the spread. --borrow 3% is a rate a year on short
positions.
""",
}
"""By name; the first line of each is its title."""
