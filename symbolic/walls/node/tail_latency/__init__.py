"""The tail latency wall."""
