"""What processes tell each other in passing: which orders have new events, whose prices are looked at."""
