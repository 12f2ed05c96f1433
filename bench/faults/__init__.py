"""Every fault that the server withstands, carried out against real servers in one run, and measured.

    PYTHONPATH=. python -m bench.faults --out bench/results --page docs/faults.md

Each module has the attacks of some rows. `rows` says what a row is, `trial` is a server under attack beside an honest
caller, and `page` writes docs/faults.md. Attacks that tests carry out too are in tests/faults.
"""
