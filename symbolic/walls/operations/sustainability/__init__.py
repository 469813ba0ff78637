"""The sustainability wall."""
