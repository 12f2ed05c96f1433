"""What callers leave on the server: portfolios, marks and jobs, in memory and, where it has one, in a state directory.

The stores are in memory and answer every question. An archive keeps what is in them: InMemory keeps the results of jobs
only, and OnDisk keeps everything in a directory. All of its work runs beside the event loop's thread.
"""
