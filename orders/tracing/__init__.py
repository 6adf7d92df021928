"""Traces for OpenTelemetry, off unless the settings name a collector.

hooks.py         what the engine tells: stages, accepted orders, calls of the node
middleware.py    HTTP requests
starting.py      switches traces on in a process, and off at its end
provider.py      OpenTelemetry's SDK: sampling, the queue, the exporter and its end
recorder.py      what the hooks are told becomes work under way
spans.py         work under way becomes spans, with links and attributes
order_traces.py  the trace of an order: ids and sampling

Only the last four import OpenTelemetry, and only `starting` imports them, when it switches traces on.
"""
