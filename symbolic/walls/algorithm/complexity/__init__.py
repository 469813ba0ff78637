"""The complexity wall."""
