"""One order of each type against a running engine on localnet, and whether it did what it should."""
