"""What a server shows of itself: metrics, a line a call, spans, and its state on a signal. It changes nothing."""
