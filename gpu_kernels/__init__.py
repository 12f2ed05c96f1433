"""The maths of meanrev: arrays in, arrays out.

Each operation is a package: its __init__ is the contract, model.py the result and the equations, host.py the
readable NumPy definition. This package uses no message, socket, clock, setting or log.

Axes: B batch, T time, N assets, K components, G threshold pairs. Everything is float64.
"""
