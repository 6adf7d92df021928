"""What `manage.py bench` is made of.

load.py         posts orders over keep-alive connections, as cheaply as it can
records.py      what became of them, read from the database
figures.py      percentiles and rates
processes.py    CPU time and memory of the engine's processes
chain_check.py  whether every order swapped exactly once, judged by the chain
mixed.py        orders of every kind and venue
quote_check.py  whether each got what it was quoted, to the unit
machine.py      where it ran
report.py       the figures as text

And of `manage.py bench_history`:

history.py      a long history of orders, written in bulk
reads.py        how long lists, details and admin pages take on it
"""
