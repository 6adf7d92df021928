"""What streams say when the watermark of a trailing stop has moved: no event, and without a sequence."""

from __future__ import annotations

from typing import Any, Final

from orders.models import Order
from orders.wire.json_types import ORDER_ID, constant
from orders.wire.message import Field, Message, Rows, ref
from orders.wire.waiting import TRIGGER, Waiting

_NAMES: Final = ("watermark", "watermarkRaw", "firesAtOrBelow", "firesAtOrBelowRaw")
_LEVELS: Final = Rows(*(field for field in TRIGGER.fields if field.name in _NAMES))
_MEANS: Final = "the watermark of a trailing stop has moved; of each order at most one a second"
WATERMARK: Final = Message(
    "Watermark",
    Field("type", constant("watermark")),
    Field("orderId", ORDER_ID, lambda of: str(of.order.pk), "the order's id"),
    *_LEVELS.fields,
    means=_MEANS,
)
_DATA: Final = Message("WatermarkData", *WATERMARK.fields[1:], means=_MEANS)
ENVELOPED_WATERMARK: Final = Message(
    "EnvelopedWatermark",
    Field("type", constant("watermark")),
    Field("data", ref(_DATA), means="the new level"),
    means="the same in an envelope",
)


def watermark_message(order: Order) -> dict[str, Any]:
    """The message of a trailing stop whose trigger was read with it."""
    return {"type": "watermark", **_DATA.of(Waiting(order, order.trigger))}
