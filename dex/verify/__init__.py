"""Comparing the adapters with recordings of the real programs: ``python -m dex.verify FILE…``."""
