"""Django's SQLite backend as several threads and processes on one file need it."""
