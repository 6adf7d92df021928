"""How an order comes in: its fields, checks, idempotency, and the commit that it shares with others."""
