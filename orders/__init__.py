"""The order: its life, its record, its endpoints."""
