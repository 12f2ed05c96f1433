"""The research methods as tasks: a matrix and options in, a reply out, with progress between.

A task runs in a compute thread. The streaming handlers and the jobs run the same tasks.
"""
