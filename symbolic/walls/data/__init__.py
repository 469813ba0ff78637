"""Walls of the data."""
