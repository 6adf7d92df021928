"""Logs, traces and counters: what each process says of its own work.

stage_log.py          one line a stage and batch
request_ids.py        the id of a request, from the client or made here
counters.py           what each process counts: stages, ends, attempts, slippage, node calls, sockets
count_files.py        the files that a process counts in, and what it does while there is no room for them
metrics_folder.py     the counts of all processes of one machine, through files in a folder they share
metrics_processes.py  the collector of the counts, and a worker's own port for them
hooks.py              what the engine reports: stages, accepted orders, calls of the node
middleware.py         HTTP requests
starting.py           switches traces on in a process, and off at its end
provider.py           OpenTelemetry's SDK: sampling, the queue, the exporter and its end
recorder.py           what the hooks report becomes work under way
spans.py              work under way becomes spans, with links and attributes
order_traces.py       the trace of an order: ids and sampling

Traces are off unless the settings name a collector. Only the last four import OpenTelemetry, and only
`starting` imports them, when it switches traces on.
"""
