"""What a page weighs: bytes over the wire, requests, and whether it moves while it loads."""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, CDPSession, Page

KB = 1024
# Random bytes that Django puts into a compressed page against BREACH.
PADDING = 100
COUNT_SHIFTS = """
    window.shifted = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.shifted += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
"""


@dataclass
class Weight:
    """One visit of a page: what came over the wire, compressed, without the headers of answers."""

    fonts: int = 0
    rest: int = 0
    requests: list[str] = field(default_factory=list)
    shift: float = 0.0

    @property
    def total(self) -> int:
        return self.fonts + self.rest


def _listen(session: CDPSession, weight: Weight) -> None:
    answers: dict[str, tuple[str, int]] = {}

    def answered(event: dict) -> None:
        response = event["response"]
        # By now the headers have come; a file from the browser's own cache takes nothing at all.
        answers[event["requestId"]] = event["type"], int(response["encodedDataLength"])
        if not response.get("fromDiskCache"):
            weight.requests.append(response["url"])

    def finished(event: dict) -> None:
        kind, headers = answers.get(event["requestId"], ("", 0))
        body = max(0, int(event["encodedDataLength"]) - headers)
        if kind == "Font":
            weight.fonts += body
        else:
            weight.rest += body

    session.on("Network.responseReceived", answered)
    session.on("Network.loadingFinished", finished)


def weigh(page: Page, address: str) -> Weight:
    """Load a page and weigh it."""
    weight = Weight()
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    _listen(session, weight)
    page.goto(address, wait_until="networkidle")
    page.evaluate("document.fonts.ready.then(() => new Promise(requestAnimationFrame))")
    weight.shift = page.evaluate("window.shifted")
    session.detach()
    return weight


def first_and_repeat(context: BrowserContext, address: str) -> tuple[Weight, Weight]:
    """Weigh a page for somebody who was never here, and again."""
    context.add_init_script(COUNT_SHIFTS)
    page = context.new_page()
    return weigh(page, address), weigh(page, address)
