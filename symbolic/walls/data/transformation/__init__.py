"""The transformation wall."""
