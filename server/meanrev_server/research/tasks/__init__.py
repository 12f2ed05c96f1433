"""One module a research method, named like it; each has `TASK`, from which its route and its jobs are made.

No task depends on how its request came or where its answer goes.
"""
