"""The multi tenant wall."""
