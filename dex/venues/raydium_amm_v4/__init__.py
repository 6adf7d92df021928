"""Raydium's first program, AMM v4, as far as its pools trade without an order book."""
