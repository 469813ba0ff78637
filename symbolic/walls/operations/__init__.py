"""Walls of money, energy, carbon, water and storage."""
