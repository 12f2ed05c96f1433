"""Writes the pages of docs/ that are made from the code: `PYTHONPATH=. python -m tests.pages`."""

from tests.pages import DOCS, PAGES

for name, page in PAGES.items():
    (DOCS / name).write_text(page(), encoding="utf-8")
