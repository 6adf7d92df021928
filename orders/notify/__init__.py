"""Hints after a commit: which orders have new events."""
