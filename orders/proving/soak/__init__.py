"""Breaks a running engine on purpose and checks, from the chain, that no order was lost or doubled.

waiting.py     polling with a deadline
processes.py   one process that can be killed, frozen, stopped and started
proxy.py       a TCP proxy that delays, resets or swallows
rig.py         a whole engine in a folder, each part in reach
client.py      places orders, and remembers what was accepted
chain.py       the wallet's books, read from the node alone
books.py       the engine's books, read from its tables
checker.py     holds the two against each other
nemesis.py     breaks a random part every few seconds
"""
