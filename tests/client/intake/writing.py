"""Files for the tests of the reader."""

import zipfile

import numpy as np

DAYS = [str(np.datetime64("2020-01-01") + i) for i in range(40)]

_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def text(header, row, n_rows=20, separator=","):
    """Return a text of a header and rows, which row makes from their numbers."""
    lines = [header, *(separator.join(map(str, row(i))) for i in range(n_rows))]
    return "\n".join(lines) + "\n"


def price(i):
    """Return a price that differs from row to row, exactly as it is written."""
    return 50 + (i * 7 % 11) / 8


def spreadsheet(path, sheets):
    """Write an .xlsx file: rows of numbers, texts and ("date", serial) by sheet."""
    with zipfile.ZipFile(path, "w") as archive:
        names = list(sheets)
        overrides = "".join(
            f'<Override PartName="/xl/worksheets/s{i}.xml" ContentType="{_TYPES}.worksheet+xml"/>'
            for i in range(len(names))
        )
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/>{overrides}</Types>',
        )
        archive.writestr("_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")]))
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            _relations([("worksheet", f"worksheets/s{i}.xml") for i in range(len(names))] + [("styles", "styles.xml")]),
        )
        listed = "".join(f'<sheet name="{name}" sheetId="{i + 1}" r:id="r{i}"/>' for i, name in enumerate(names))
        archive.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{_SHEET}" xmlns:r="{_PARTS}"><sheets>{listed}</sheets></workbook>'
        )
        formats = '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs>'
        archive.writestr("xl/styles.xml", f'<styleSheet xmlns="{_SHEET}">{formats}</styleSheet>')
        for i, rows in enumerate(sheets.values()):
            body = "".join(_row(number, row) for number, row in enumerate(rows, start=1))
            sheet = f'<worksheet xmlns="{_SHEET}"><sheetData>{body}</sheetData></worksheet>'
            archive.writestr(f"xl/worksheets/s{i}.xml", sheet)
    return path


def _relations(parts):
    inside = "".join(
        f'<Relationship Id="r{i}" Type="{_PARTS}/{kind}" Target="{target}"/>' for i, (kind, target) in enumerate(parts)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{inside}</Relationships>'


def _row(number, row):
    return f'<row r="{number}">{"".join(_cell(number, place, value) for place, value in enumerate(row))}</row>'


def _cell(number, place, value):
    where = f"{chr(65 + place)}{number}"
    if isinstance(value, tuple):
        return f'<c r="{where}" s="1"><v>{value[1]}</v></c>'
    if isinstance(value, str):
        return f'<c r="{where}" t="inlineStr"><is><t>{value}</t></is></c>'
    return f'<c r="{where}"><v>{value}</v></c>'
