"""Runs the notebooks through make, and knows when a result is out of date."""
