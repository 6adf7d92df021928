"""Which pools a request may use, and which of them is best. Pure over snapshots, but for discovery."""
