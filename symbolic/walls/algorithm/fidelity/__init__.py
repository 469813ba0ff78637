"""The fidelity wall."""
