"""New pools: who created them, when they are funded, when they open and what they charge. Pure decoders.

Three moments: a pool is *created* by an instruction, *funded* when its account holds liquidity (Raydium CLMM,
Meteora DLMM and Orca Whirlpool pools are created empty), *open* when its opening slot or time has come.
"""
