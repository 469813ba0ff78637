"""The locality wall."""
