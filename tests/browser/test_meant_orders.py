"""The page trades only when somebody means it, and what it promises is what it sends."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.async_api import Page, Route, WebSocket, WebSocketRoute, expect

from tests.browser.conftest import Visit
from tests.browser.engine import BrowsedEngine

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def ready(page: Page, amount: str) -> None:
    await page.fill("#amount", amount)
    await expect(page.locator("#execute")).to_have_text(re.compile(r"^Execute: .+"))


async def test_the_order_asks_for_the_minimum_that_was_shown(visit: Visit, engine: BrowsedEngine) -> None:
    page = await visit()
    sent: list[dict[str, Any]] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", lambda text: sent.append(json.loads(text)))

    page.on("websocket", listen)
    await page.reload()
    await ready(page, "2.5")
    hint = await page.locator("#slippage-hint").inner_text()
    await page.click("#execute")
    card = page.locator(".order-card")
    await expect(card).to_have_attribute("data-status", "confirmed")
    [order] = [frame for frame in sent if frame["action"] == "execute_order"]
    shown = hint.partition("At least ")[2].partition(" USDC")[0].replace("\u202f", "")
    assert order["minAmountOut"] == shown
    kept = await engine.get(f"/api/orders/{await card.get_attribute('data-order-id')}")
    assert float(kept["floorAmountOut"]) >= float(shown)


async def test_a_refused_order_is_not_sent_again(visit: Visit) -> None:
    page = await visit()
    asked: list[str] = []
    refusal = {"type": "error", "code": "TRADING_HALTED", "message": "Trading is off", "retryable": True}

    async def refuse(socket: WebSocketRoute) -> None:
        def answer(text: str | bytes) -> None:
            action = json.loads(text)
            if action["action"] == "execute_order":
                asked.append(action["requestId"])
                socket.send(json.dumps(refusal | {"details": {}, "requestId": action["requestId"]}))

        socket.on_message(answer)

    await page.route_web_socket("**/api/orders/connect", refuse)
    await page.reload()
    await ready(page, "0.1")
    await page.click("#execute")
    failure = page.locator(".order-card.refused .failure")
    await expect(failure).to_contain_text("TRADING_HALTED")
    await expect(failure.get_by_role("button", name="Retry")).to_be_visible()
    # A second press is a second order, and by then a repetition of the first would have gone out as well.
    for count in (2, 3):
        await expect(page.locator("#execute")).to_have_text(re.compile(r"^Execute: .+"))
        await page.click("#execute")
        await expect(page.locator(".order-card.refused")).to_have_count(count)
    assert len(asked) == len(set(asked)) == 3


@pytest.mark.parametrize("how", ["two clicks", "double click", "enter three times"])
async def test_one_press_is_one_order(visit: Visit, engine: BrowsedEngine, how: str) -> None:
    page = await visit()
    # Kept from the engine until all presses are made, however fast it would answer.
    held: list[tuple[WebSocketRoute, str | bytes]] = []

    def hold(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def pass_on(text: str | bytes) -> None:
            if json.loads(text)["action"] == "execute_order":
                held.append((server, text))
            else:
                server.send(text)

        socket.on_message(pass_on)

    await page.route_web_socket("**/api/orders/connect", hold)
    await page.reload()
    await ready(page, "0.11")
    if how == "two clicks":
        await page.evaluate("() => { for (const _ of [1, 2]) document.getElementById('execute').click(); }")
    elif how == "double click":
        await page.dblclick("#execute")
    else:
        for _ in range(3):
            await page.locator("#amount").press("Enter")
    await expect(page.locator("#execute")).to_have_text("Sending…")
    [(server, order)] = held
    server.send(order)
    await expect(page.locator(".order-card.confirmed")).to_have_count(1)
    await expect(page.locator("#execute")).to_have_text(re.compile(r"^Execute: .+"))
    assert await page.locator(".order-card").count() == 1


async def test_what_costs_more_than_three_percent_is_asked_twice(visit: Visit) -> None:
    page = await visit()
    await page.route("**/api/quotes**", dear(cost_bps=700))
    await page.reload()
    await ready(page, "0.1")
    hint = page.locator("#cost-hint .impact.red")
    await expect(hint).to_contain_text("This swap costs 7 %")
    await page.click("#execute")
    dialog = page.locator("#confirm-dialog")
    await expect(dialog).to_contain_text("take more than 3 %")
    await dialog.get_by_role("button", name="Keep my tokens").click()
    await expect(page.locator("#live-empty")).to_be_visible()
    await expect(page.locator("#execute")).to_have_text(re.compile(r"^Execute: .+"))
    await page.click("#execute")
    await dialog.get_by_role("button", name="Execute all the same").click()
    await expect(page.locator(".order-card")).to_have_count(1)


async def test_what_costs_more_than_one_percent_is_amber(visit: Visit) -> None:
    page = await visit()
    await page.route("**/api/quotes**", dear(cost_bps=150))
    await page.reload()
    await ready(page, "0.1")
    await expect(page.locator("#cost-hint .impact.amber")).to_contain_text("This swap costs 1.5 %")
    await page.click("#execute")
    await expect(page.locator(".order-card")).to_have_count(1)


def dear(cost_bps: int) -> Any:
    async def answer(route: Route) -> None:
        fetched = await route.fetch()
        body = await fetched.json()
        for quote in (body["best"], *body["quotes"]):
            quote["costBps"] = cost_bps
        await route.fulfill(response=fetched, json=body)

    return answer


async def test_the_cap_of_an_order_is_known_beforehand(visit: Visit) -> None:
    page = await visit()
    await page.route("**/api/tokens", with_a_cap)
    await page.reload()
    await page.fill("#amount", "2.5")
    await expect(page.locator("#execute")).to_have_text("At most 2 SOL an order")


async def with_a_cap(route: Route) -> None:
    answer = await route.fetch()
    body = await answer.json()
    for token in body["tokens"]:
        token["maxAmountIn"] = "2" if token["symbol"] == "SOL" else None
    await route.fulfill(response=answer, json=body)


async def test_a_decimal_comma_is_read_where_the_locale_has_it(visit: Visit) -> None:
    page = await visit(locale="de-DE")
    for typed, said in (
        ("1,5", re.compile(r"^Execute: 1\.5 SOL")),
        ("0.25", re.compile(r"^Execute: 0\.25 SOL")),
        ("1.234", "Ambiguous: a comma for decimals, and no points"),
        ("1.234,5", "Ambiguous: a comma for decimals, and no points"),
    ):
        await page.fill("#amount", typed)
        await expect(page.locator("#execute")).to_have_text(said)
    await page.click("#half")
    assert "." not in await page.locator("#amount").input_value()
