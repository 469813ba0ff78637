"""The checkpoint wall."""
