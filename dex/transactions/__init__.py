"""A swap as one signed transaction: instructions, token accounts, compute units, cost. Pure."""
