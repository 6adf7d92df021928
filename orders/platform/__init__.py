"""What the process stands on: event loop thread, Redis client, transaction limits, crash points."""
