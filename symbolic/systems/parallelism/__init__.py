"""What each way of sharing a model makes its accelerators exchange."""
