"""What Prometheus is told.

counted.py   what each process counts: stages, endings, attempts, slippage, calls of the node, WebSockets
rows.py      what the rows say at the time of a scrape: the queue, its age, open attempts, trading
folder.py    the counts of all processes of one machine, through files in a folder they share
processes.py the collector of the counts, and a worker's own port for them
export.py    the text that the web server gives
"""
