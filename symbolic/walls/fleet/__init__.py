"""Walls of many accelerators."""
