"""PumpSwap, the pool program of pump.fun: written from IDL, documents and SDK, never seen running here."""
