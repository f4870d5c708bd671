"""The page in a real browser: contrast, names, headings, keyboard, widths, and not a word on the console."""

import itertools
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
import uvicorn

from reference_service.app import create_app
from reference_service.settings import Settings
from tests.reference_service.page.browser.chromium import PROGRAM, Chromium, Scheme

PAGES = {
    "cards": "/?pin=card-credits-02&slot=2&limit=20",
    "up next": "/?surface=up_next&count=100&explicit=no",
    "degraded": "/?condition=overload",
    "nothing": "/?market=AQ",
    "refused": "/?hour=99&listener=a%20b",
    "compare": "/compare?b.condition=no_features&b.hour=22",
}
CONTRAST = """(() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = text => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map(v => v / 255)
    .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * x + .7152 * y + .0722 * z; };
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + .05) / (y + .05); };
  const probe = document.createElement('i');
  probe.style.background = 'var(--screen)';
  document.body.append(probe);
  const screen = rgba(getComputedStyle(probe).backgroundColor);
  probe.remove();
  const behind = element => { for (let at = element; at; at = at.parentElement) {
    const seen = rgba(getComputedStyle(at).backgroundColor); if (seen[3] === 255) return seen;
    if (at.matches('.player, .seen')) return screen; }
    return rgba('white'); };
  const faults = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let count = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, style = getComputedStyle(element);
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    if (element.closest('.hidden, style, option')) continue;
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const found = ratio(rgba(style.color), behind(element));
    count += 1;
    if (found < (large ? 3 : 4.5)) faults.push([walker.currentNode.textContent.trim(), found]);
  }
  const marks = document.querySelectorAll('svg .plus, svg .minus, svg .base, svg .total, input, select');
  for (const mark of marks) {
    const style = getComputedStyle(mark), colour = mark.matches('input, select') ? style.borderTopColor : style.fill;
    const found = ratio(rgba(colour), behind(mark.closest('svg')?.parentElement ?? mark.parentElement));
    if (!mark.matches('.base') && found < 3) faults.push([mark.outerHTML.slice(0, 60), found]);
  }
  return {count, faults};
})()"""
OVERFLOW = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
FOCUSED = """(() => { const at = document.activeElement, style = getComputedStyle(at);
  return [at.tagName, at.id || at.textContent.trim().slice(0, 30), style.outlineStyle, style.outlineWidth]; })()"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    app = create_app(Settings(clock=datetime(2026, 1, 1, tzinfo=UTC), page=True))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.05)
        assert thread.is_alive()
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    if not PROGRAM.exists():
        pytest.skip("needs /usr/bin/chromium: apt-get install chromium")
    with Chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


def role(node: dict[str, Any]) -> str:
    value: str = node["role"]["value"]
    return value


def name(node: dict[str, Any]) -> str:
    value: str = node.get("name", {}).get("value", "")
    return value


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("scheme", get_args(Scheme))
def test_every_text_and_every_bar_can_be_told_from_what_is_behind_it(
    browser: Chromium, address: str, page: str, scheme: Scheme
) -> None:
    browser.show(address + PAGES[page], width=1280, scheme=scheme)
    seen = browser.value(CONTRAST)
    assert seen["count"] > 30
    assert seen["faults"] == []


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_wider_than_the_narrowest_phone_and_nothing_is_complained_of(
    browser: Chromium, address: str, page: str
) -> None:
    for width in (320, 390, 768, 1280):
        browser.show(address + PAGES[page], width=width, scheme="light")
        needed, there = browser.value(OVERFLOW)
        assert needed <= there, width
    refused = [text for text in browser.complaints if "422" not in text]
    assert refused == []


@pytest.mark.parametrize("page", PAGES)
def test_assistive_technology_finds_names_landmarks_and_headings_in_order(
    browser: Chromium, address: str, page: str
) -> None:
    browser.show(address + PAGES[page], width=1280, scheme="light")
    nodes = browser.tree()
    roles = [role(node) for node in nodes]
    assert {"banner", "navigation", "main", "contentinfo", "form"} <= set(roles)
    controls = {"textbox", "combobox", "spinbutton", "button", "link", "DisclosureTriangle"}
    unnamed = [node for node in nodes if role(node) in controls and not name(node).strip()]
    assert unnamed == []
    levels = browser.value("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])")
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))
    assert "image" not in {role(node).lower() for node in nodes}, "every picture here is decoration"
    if page == "refused":
        assert "alert" in roles
        invalid = [
            node for node in nodes if role(node) in controls and "invalid" in str(node.get("properties"))
        ]
        assert {name(node) for node in invalid if "'true'" in str(node["properties"])} == {
            "Listener",
            "Hour of day",
        }


def test_the_keyboard_reaches_everything_in_order_and_shows_where_it_is(
    browser: Chromium, address: str
) -> None:
    browser.show(address + PAGES["up next"], width=1280, scheme="light")
    reached = []
    for _ in range(22):
        browser.press("Tab")
        reached.append(browser.value(FOCUSED))
    assert [text for _, text, _, _ in reached[:5]] == [
        "Skip to the answer",
        "Now Playing",
        "Explain",
        "Compare",
        "surface",
    ]
    assert [tag for tag, _, _, _ in reached if tag in ("SUMMARY", "BUTTON")][:2] == ["SUMMARY", "BUTTON"]
    assert all(style == "solid" and width == "3px" for _, _, style, width in reached)


def test_skipping_leads_to_the_answer(browser: Chromium, address: str) -> None:
    browser.show(address + PAGES["cards"], width=1280, scheme="light")
    browser.press("Tab")
    browser.press("Enter")
    assert browser.value("location.hash + ' ' + document.activeElement.id") == "#answer answer"


def test_whoever_asks_for_less_motion_gets_none(browser: Chromium, address: str) -> None:
    moving = "[...document.querySelectorAll('*')].filter(e => getComputedStyle(e).transitionDuration !== '0s').length"
    browser.show(address, width=1280, scheme="light")
    assert browser.value(moving) > 0
    browser.show(address, width=1280, scheme="light", still=True)
    assert browser.value(moving) == 0


def test_the_form_asks_what_it_shows(browser: Chromium, address: str) -> None:
    browser.show(address, width=1280, scheme="light")
    browser.value("document.getElementById('market').value = 'DE'; document.querySelector('button').focus()")
    browser.press("Enter")
    where = "document.readyState + new URLSearchParams(location.search).get('market')"
    shown = f"new Promise(done => setTimeout(() => done({where}), 20))"
    seen = ""
    for _ in range(200):
        seen = browser.value(shown)
        if seen == "completeDE":
            break
    assert seen == "completeDE"
    assert browser.value("document.getElementById('market').value") == "DE"
