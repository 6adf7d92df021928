"""Benchmarks and soak runs, from outside a running engine."""
