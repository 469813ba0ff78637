"""The streaming wall."""
