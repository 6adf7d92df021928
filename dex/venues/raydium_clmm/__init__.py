"""Raydium's concentrated-liquidity program."""
