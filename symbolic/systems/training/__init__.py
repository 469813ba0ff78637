"""A training step of a transformer: its work, its memory, its schedule."""
