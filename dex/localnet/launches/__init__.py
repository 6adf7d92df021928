"""New tokens and pools while localnet runs, as others would launch them; some of them are traps."""
