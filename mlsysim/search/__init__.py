"""Searches: what a plan leaves open becomes a problem, its answer a design with a proven bound."""
