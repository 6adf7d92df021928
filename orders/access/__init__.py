"""Who may: authentication, credentials, throttles, permissions."""
