"""The wire: generated messages, and the codec through which every array crosses it.

Nothing here depends on what a method means, and only codec depends on the row-major layout.
"""
