"""The fragility wall."""
