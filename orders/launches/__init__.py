"""New pools: seen when they come up, followed until they are funded and open, and bought by sniper orders."""
