"""The page's style sheet: light or dark, by the setting of the reader's system."""

__all__ = ["STYLE"]

STYLE = """
:root{color-scheme:light dark;--paper:#ffffff;--ink:#1c2430;--faint:#5b6675;--hair:#d9dee5;--shade:#f1f4f8;
--first:#1559b7;--second:#b4470a;--band:#dcebdc;--long:#2c8c4a;--short:#b3368f;--warn:#8a5a00;--warn-paper:#fff6e0}
@media (prefers-color-scheme:dark){:root{--paper:#12161c;--ink:#e3e8ef;--faint:#9aa6b5;--hair:#303945;--shade:#1b222b;
--first:#7db4ff;--second:#ffa066;--band:#20362a;--long:#58c47a;--short:#e58acb;--warn:#ffd27a;--warn-paper:#2d2613}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
main{max-width:50rem;margin:0 auto;padding:2rem 1rem 4rem}
h1{font-size:1.7rem;line-height:1.25}
h2{font-size:1.2rem;margin:2.5rem 0 .5rem}
figure{margin:1rem 0}
figcaption,.source{color:var(--faint);font-size:.85rem}
svg{display:block;width:100%;height:auto}
svg text{font:12px system-ui,sans-serif;fill:var(--ink)}
svg .tick{fill:var(--faint)}
svg .note{fill:var(--faint);font-size:11px;stroke:var(--paper);stroke-width:3px;paint-order:stroke}
svg .note.first{fill:var(--first)}
svg .note.second{fill:var(--second)}
.line{fill:none;stroke-width:1.6;stroke-linejoin:round}
.line.first{stroke:var(--first)}
.line.second{stroke:var(--second);stroke-dasharray:5 3}
.axis{stroke:var(--faint)}
.grid{stroke:var(--hair)}
.stop{stroke:var(--second);stroke-dasharray:3 4}
.border{stroke:var(--ink);stroke-dasharray:2 3}
.unseen{fill:var(--shade)}
.band{fill:var(--band)}
.long{fill:var(--long)}
.short{fill:var(--short)}
.dot{fill:var(--first);fill-opacity:.55}
.mark{fill:none;stroke:#ffffff;stroke-width:2.5}
details{margin:.5rem 0}
summary{cursor:pointer;color:var(--first)}
summary:focus-visible,.scroll:focus-visible{outline:2px solid var(--first);outline-offset:2px}
.scroll{overflow:auto;max-height:22rem;margin:.5rem 0}
.picture{min-width:36rem}
figure.scroll{max-height:none}
table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .5rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--hair)}
th:first-child{text-align:left}
tbody th{font-weight:400}
thead th{position:sticky;top:0;background:var(--paper);color:var(--faint);font-weight:600}
.caveat{background:var(--warn-paper);color:var(--warn);padding:.7rem 1rem;border-left:4px solid var(--warn)}
"""
