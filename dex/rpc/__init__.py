"""Solana nodes: JSON-RPC, several nodes as one, proofs that a transaction cannot land."""
