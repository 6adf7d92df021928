"""A plain library that knows Solana and its DEXs, and no Django, Celery or order."""
