"""The functions and shapes of earlier clients: v1 and v2, one module a generation.

A caller changes one import line. Costs are per side, a fraction of notional, and the maths is this project's.
"""
