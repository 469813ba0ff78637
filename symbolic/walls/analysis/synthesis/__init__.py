"""The synthesis wall."""
