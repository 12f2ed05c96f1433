"""The part of cupyx that the benchmark of a GPU uses."""
