"""HTTP goes to Django, WebSocket to the consumers."""

from __future__ import annotations

import os

import django

# Whatever a web process makes is for its user only, also where no supervisor has started it.
os.umask(0o077)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orderengine.settings")
django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter  # noqa: E402  (needs the app registry above)

from orderengine import bounded_socket, http_server  # noqa: E402
from orderengine.http_handler import ThreadedHandler  # noqa: E402
from orderengine.plain_requests import PlainChannel  # noqa: E402
from orders import checks  # noqa: E402
from orders.platform import shortage  # noqa: E402
from orders.process import Process  # noqa: E402
from orders.streaming import groups  # noqa: E402
from orders.streaming.urls import websocket_application  # noqa: E402
from orders.telemetry import starting  # noqa: E402
from orders.telemetry.request_ids import with_request_id  # noqa: E402

checks.refuse_config_errors("the web server", checks.WEB_TAG)
bounded_socket.install()
http_server.install(PlainChannel)
starting.start("order-engine-web")
shortage.prepare()
Process().start()
groups.use(groups.FanOut())
application = ProtocolTypeRouter(
    {"http": ThreadedHandler(), "websocket": with_request_id(websocket_application)}
)
