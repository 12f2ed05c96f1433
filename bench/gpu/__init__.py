"""What `make gpu` does on a machine with a GPU: `python -m bench.gpu` runs every step and keeps what each one finds."""
