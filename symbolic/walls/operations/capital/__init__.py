"""The capital wall."""
