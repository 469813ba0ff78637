"""Serving a transformer: prefill and decode over the accelerators of a replica."""
