"""An order's way through routing, building, submission and settlement, and what resumes it."""
