"""In English, the admin's language."""
