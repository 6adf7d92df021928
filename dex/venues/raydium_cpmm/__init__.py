"""Raydium's constant-product program, cp-swap."""
