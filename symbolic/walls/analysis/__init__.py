"""Walls over all the others."""
