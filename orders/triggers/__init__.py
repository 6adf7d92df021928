"""Waiting orders: what fires them, who watches their prices, and how they are set on their way."""
