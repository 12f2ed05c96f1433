"""The wire: generated messages, and the codec through which every array crosses it.

Nothing here knows a method's meaning; codec is the only place that knows row-major.
"""
