"""Meteora's DLMM program, lb_clmm."""
