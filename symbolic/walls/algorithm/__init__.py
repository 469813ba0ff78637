"""Walls of the algorithm."""
