"""The order page as people use it, on a running engine."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, WebSocketRoute, expect

from tests.browser.conftest import Visit
from tests.browser.engine import BrowsedEngine

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

STEPS = ["Pending", "Routing", "Building", "Submitted", "Confirmed"]


async def place(page: Page, amount: str) -> None:
    await page.fill("#amount", amount)
    await expect(page.locator("#execute")).to_have_text(re.compile(r"^Execute: .+"))
    await page.click("#execute")


async def complete(page: Page) -> None:
    """Wait until what the form does not need has come: shortcuts, types of orders, panels."""
    await expect(page.locator("#with-exits")).to_be_enabled()


async def test_an_order_is_placed_and_watched_until_it_is_confirmed(
    visit: Visit, engine: BrowsedEngine
) -> None:
    page = await visit()
    await place(page, "2.5")
    card = page.locator(".order-card")
    await expect(card).to_have_attribute("data-status", "confirmed")
    # The engine may have said how it ended before the page has asked for what came between.
    await expect(card.locator(".step.done")).to_have_count(5)
    order = await engine.get(f"/api/orders/{await card.get_attribute('data-order-id')}")
    assert (order["amountIn"], order["tokenIn"], order["tokenOut"]) == ("2.5", "SOL", "USDC")
    assert re.fullmatch(r"[0-9a-f-]{36}", order["clientOrderId"])
    names = await card.locator(".step-name").evaluate_all("all => all.map(e => e.firstChild.textContent)")
    assert names == STEPS
    times = await card.locator("time").evaluate_all("all => all.map(e => e.dateTime)")
    assert times == [event["at"] for event in order["events"]]
    await expect(card.locator(".out")).to_have_attribute("href", order["explorerUrl"])
    bps = f"{order['slippageRealisedBps']:+d}" if order["slippageRealisedBps"] else "0"
    await expect(card.locator(".note.good")).to_contain_text(f"{bps} bps against the quote".replace("-", "−"))
    await expect(page.locator(f"tr[data-row='{order['orderId']}'] .chip")).to_have_text("Confirmed")


async def test_the_button_says_why_it_is_off(visit: Visit) -> None:
    page = await visit()
    for amount, reason in (
        ("0", "Enter an amount"),
        ("one", "Not a number"),
        ("1,5", "Use a point for decimals and no commas"),
        ("0.1234567891", "At most 9 decimals"),
        ("9000000000", "Insufficient SOL balance"),
        ("9" * 30, "Too large"),
        ("", "Enter an amount"),
    ):
        await page.fill("#amount", amount)
        await expect(page.locator("#execute")).to_have_text(reason)
        await expect(page.locator("#execute")).to_have_attribute("aria-disabled", "true")
        await page.locator("#amount").press("Enter")
    await expect(page.locator("#live-empty")).to_be_visible()


async def test_what_went_wrong_is_said_in_words_and_a_retry_is_another_order(
    visit: Visit, engine: BrowsedEngine
) -> None:
    page = await visit()
    # The page believes in a larger balance than the wallet has, as it may after another program has paid.
    await page.route("**/api/tokens", with_twice_the_balance)
    await page.reload()
    await page.click("#flip")
    tokens = (await engine.get("/api/tokens"))["tokens"]
    held = next(int(token["balanceRaw"]) for token in tokens if token["symbol"] == "USDC")
    await place(page, str(held // 10**6 + 1))
    await page.get_by_role("button", name="Execute all the same").click()
    failure = page.locator(".order-card .failure")
    await expect(failure).to_contain_text("The wallet lacks USDC")
    await expect(failure).to_contain_text("INSUFFICIENT_FUNDS")
    await expect(page.locator("#execute")).to_have_attribute("aria-busy", "false")
    await failure.get_by_role("button", name="Retry").click()
    await page.get_by_role("button", name="Execute all the same").click()
    await expect(page.locator(".order-card.failed")).to_have_count(2)
    listed = (await engine.get("/api/orders?status=failed&token=USDC&limit=2"))["results"]
    assert len({order["clientOrderId"] for order in listed}) == 2


async def with_twice_the_balance(route: Route) -> None:
    answer = await route.fetch()
    body = await answer.json()
    for token in body["tokens"]:
        token["spendableRaw"] = str(2 * int(token["spendableRaw"]))
    await route.fulfill(response=answer, json=body)


async def test_an_order_goes_on_when_the_web_server_comes_back(visit: Visit, engine: BrowsedEngine) -> None:
    page = await visit()
    await page.fill("#amount", "1")
    await expect(page.locator("#execute")).to_have_text("Execute: 1 SOL → USDC")
    async with page.expect_websocket():
        await page.click("#execute")
        engine.kill("web")
        await expect(page.locator("#connection")).to_have_text(re.compile("^Reconnecting"))
        await expect(page.locator("#execute")).to_have_text("Offline: reconnecting…")
    await expect(page.locator("#connection")).to_have_text("Live", timeout=45_000)
    card = page.locator(".order-card")
    await expect(card).to_have_attribute("data-status", "confirmed")
    await expect(card.locator(".step.done")).to_have_count(5)
    order = await engine.get(f"/api/orders/{await card.get_attribute('data-order-id')}")
    same = await engine.get(f"/api/orders?clientOrderId={order['clientOrderId']}")
    assert [each["orderId"] for each in same["results"]] == [order["orderId"]]


async def test_an_order_goes_on_by_polling_while_no_connection_can_be_had(visit: Visit) -> None:
    page = await visit()
    cut = False

    async def one_update_only(socket: WebSocketRoute) -> None:
        if cut:
            await socket.close()
            return
        server = socket.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            nonlocal cut
            if not cut:
                socket.send(message)
                cut = b"update" in (message if isinstance(message, bytes) else message.encode())
                if cut:
                    closing.append(asyncio.ensure_future(socket.close()))

        server.on_message(pass_on)

    closing: list[asyncio.Future[None]] = []
    await page.route_web_socket("**/api/orders/connect", one_update_only)
    await page.reload()
    await place(page, "0.9")
    await expect(page.locator("#connection")).to_have_text(re.compile("^Reconnecting"))
    await expect(page.locator(".order-card")).to_have_attribute("data-status", "confirmed")
    await expect(page.locator(".step.done")).to_have_count(5)
    await expect(page.locator("#connection")).to_have_text(re.compile("^Reconnecting"))
    await asyncio.gather(*closing)


async def test_an_order_whose_answer_was_lost_is_found_by_its_key(visit: Visit) -> None:
    page = await visit()
    cut = False
    closing: list[asyncio.Future[None]] = []

    async def until_the_order_is_sent(socket: WebSocketRoute) -> None:
        if cut:
            await socket.close()
            return
        server = socket.connect_to_server()

        def from_page(message: str | bytes) -> None:
            nonlocal cut
            server.send(message)
            if "execute_order" in str(message):
                cut = True
                closing.append(asyncio.ensure_future(socket.close()))

        socket.on_message(from_page)
        server.on_message(lambda message: None if cut else socket.send(message))

    await page.route_web_socket("**/api/orders/connect", until_the_order_is_sent)
    await page.reload()
    await place(page, "0.8")
    await expect(page.locator(".order-card")).to_have_attribute("data-status", "confirmed")
    await asyncio.gather(*closing)


async def test_retries_are_told_while_the_node_is_away(visit: Visit, engine: BrowsedEngine) -> None:
    page = await visit()
    await page.fill("#amount", "0.6")
    await expect(page.locator("#execute")).to_have_text("Execute: 0.6 SOL → USDC")
    engine.kill("localnet")
    await page.click("#execute")
    retry = page.locator(".order-card .note.warn").first
    await expect(retry).to_contain_text("Waiting – The Solana node gave no usable answer")
    await expect(page.locator(".order-card")).to_have_attribute("data-status", "confirmed")
    await expect(page.locator(".step.done")).to_have_count(5)


async def test_two_tabs_show_the_same_order(visit: Visit, engine: BrowsedEngine) -> None:
    first = await visit()
    second = await first.context.new_page()
    await second.goto(engine.url)
    await expect(second.locator("#connection")).to_have_text("Live")
    await place(first, "0.7")
    await expect(second.locator(".order-card")).to_have_attribute("data-status", "confirmed")
    await expect(second.locator(".step.done")).to_have_count(5)
    await expect(first.locator(".order-card")).to_have_attribute("data-status", "confirmed")
    order_id = await first.locator(".order-card").get_attribute("data-order-id")
    assert await second.locator(".order-card").get_attribute("data-order-id") == order_id


async def test_many_orders_run_at_once(visit: Visit) -> None:
    page = await visit()
    await page.fill("#amount", "0.2")
    await expect(page.locator("#execute")).to_have_text("Execute: 0.2 SOL → USDC")
    for number in range(3):
        await expect(page.locator("#execute")).to_have_text("Execute: 0.2 SOL → USDC")
        await page.click("#execute")
        await expect(page.locator(".order-card")).to_have_count(number + 1)
    await expect(page.locator(".order-card.confirmed")).to_have_count(3)
    await page.click("#clear-finished")
    await expect(page.locator("#live-empty")).to_be_visible()


async def test_mainnet_asks_before_it_spends(visit: Visit) -> None:
    page = await visit()
    await page.route("**/api/tokens", on_mainnet)
    await page.reload()
    await expect(page.locator("#network-badge")).to_have_text("mainnet-beta")
    await place(page, "0.3")
    dialog = page.locator("#confirm-dialog")
    await expect(dialog).to_contain_text("You pay0.3 SOL")
    await expect(dialog.get_by_role("button", name="Keep my tokens")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(dialog).to_be_hidden()
    await expect(page.locator("#live-empty")).to_be_visible()
    await page.click("#execute")
    await dialog.get_by_role("button", name="Execute on mainnet").click()
    await expect(page.locator(".order-card")).to_have_count(1)


async def on_mainnet(route: Route) -> None:
    answer = await route.fetch()
    await route.fulfill(response=answer, json=await answer.json() | {"network": "mainnet-beta"})


async def test_tokens_are_chosen_by_keyboard_alone(visit: Visit) -> None:
    page = await visit()
    await page.locator("#pick-out").focus()
    await page.keyboard.press("Enter")
    search = page.locator("#token-search")
    await expect(search).to_be_focused()
    await expect(page.locator(".token-option")).to_have_count(5)
    await page.keyboard.press("ArrowDown")
    await expect(search).to_have_attribute("aria-activedescendant", "token-option-1")
    await search.fill("DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263")
    await expect(page.locator(".token-option")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(page.locator("#pick-out")).to_contain_text("BONK")
    await expect(page.locator("#pick-out")).to_be_focused()


async def test_half_max_and_flip_fill_the_amount_exactly(visit: Visit, engine: BrowsedEngine) -> None:
    page = await visit()
    tokens = (await engine.get("/api/tokens"))["tokens"]
    raw = {token["symbol"]: int(token["balanceRaw"]) for token in tokens}
    await page.click("#max")
    # The engine keeps 0.01 SOL back for fees.
    assert await page.input_value("#amount") == f"{(raw['SOL'] - 10_000_000) / 10**9:.9f}".rstrip("0").rstrip(
        "."
    )
    await page.fill("#amount", "")
    await page.click("#flip")
    await expect(page.locator("#pick-in")).to_contain_text("USDC")
    await page.click("#half")
    half = raw["USDC"] // 2
    assert await page.input_value("#amount") == f"{half // 10**6}.{half % 10**6:06d}".rstrip("0").rstrip(".")


async def test_own_slippage_reaches_the_order(visit: Visit, engine: BrowsedEngine) -> None:
    page = await visit()
    await page.fill("#own-slippage", "90")
    await expect(page.locator("#slippage-hint")).to_have_text("At most 50 %")
    await page.fill("#own-slippage", "0.75")
    await place(page, "0.4")
    card = page.locator(".order-card.confirmed")
    order = await engine.get(f"/api/orders/{await card.get_attribute('data-order-id')}")
    assert order["slippageBps"] == 75
