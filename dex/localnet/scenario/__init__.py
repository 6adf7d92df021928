"""Price paths that localnet plays: pools are moved, slot by slot, to the prices that a file says."""
