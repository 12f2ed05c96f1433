"""Research methods: a matrix in chunks and options in, progress and a result out, streamed or as a job.

tasks holds one module a method. Everything else is what all of them share: a request becomes Prepared, running computes
it in a compute thread, and both the stream of a method and SubmitJob take these two steps.
"""
