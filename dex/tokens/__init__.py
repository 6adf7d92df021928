"""Mints as the chain has them: what they are, what they call themselves, what makes them unsafe. Pure."""
