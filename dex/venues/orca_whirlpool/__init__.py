"""Orca's concentrated-liquidity program, Whirlpool, under both of its addresses."""
