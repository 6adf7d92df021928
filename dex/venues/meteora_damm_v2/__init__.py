"""Meteora's DAMM v2 program, cp-amm."""
