"""What `manage.py bench_launches` and `manage.py demo launches` are made of.

node.py     the launches of localnet: made by call, with what only localnet knows of them
rivals.py   other bots in a process of their own
snipes.py   a sniper order for each launch, and what became of it
landing.py  in how many slots after the opening purchases landed
traps.py    which traps were bought, and what was lost by them
"""
