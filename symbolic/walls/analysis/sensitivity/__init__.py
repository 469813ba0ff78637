"""The sensitivity wall."""
