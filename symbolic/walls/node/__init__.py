"""Walls of one accelerator."""
