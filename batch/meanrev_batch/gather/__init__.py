"""What needs all chunks, in bounded memory."""
