"""Starts, watches and stops the processes of one engine on one machine. Wiring only."""
