"""What workers compute: arrays in, columns out. No path, no engine, no file."""
