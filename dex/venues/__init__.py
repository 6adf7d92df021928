"""One folder a venue; ``registry.py`` names them. Venues know neither each other nor I/O."""
