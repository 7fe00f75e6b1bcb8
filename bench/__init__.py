"""The measurements: `make bench`, or `python -m bench`."""
