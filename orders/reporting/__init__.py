"""Statistics, landing report and metrics, read from the rows."""
