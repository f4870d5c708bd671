"""The page over HTTP: what it shows, what it escapes, and what it refuses."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from reference_service.app import create_app
from reference_service.models.lock import MODELS, read_lock
from reference_service.page.choices import OPTIONS, Shared, Side
from reference_service.settings import Settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FIELDS = (*Side.__slots__, *Shared.__slots__)
VOID = {"meta", "link", "input", "option", "rect", "path", "circle"}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(Settings(clock=NOW, page=True)), raise_server_exceptions=False) as client:
        yield client


class Outline(HTMLParser):
    """The words and ids of a page, which must close every element that it opens."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.words = ""
        self.attributes: set[str] = set()
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.update(name for name, _ in attrs)
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag, f"</{tag}>"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words = f"{self.words} {' '.join(data.split())}"


def answer_of(client: TestClient, **context: Any) -> dict[str, Any]:
    """Return what a client gets for the candidates that the page draws by default."""
    page = client.get("/?limit=20").text
    names = re.findall(r'<p class="soft"><code>(card-[a-z0-9-]+)</code>', page)
    names += re.findall(r"<li><code>(card-[a-z0-9-]+)</code>", page)
    assert len(names) == 20
    body = {
        "context": {
            "listener_id": "listener-0003",
            "market": "GB",
            "product_tier": "premium",
            "explicit_allowed": True,
            "age_band": "adult",
            "hour_local": 9,
            "device": "phone",
            "now_playing": "track-0005",
            **context,
        },
        "candidates": [{"id": name} for name in names],
        "limit": 10,
    }
    content: dict[str, Any] = client.post("/v1/now-playing/cards:rank", json=body).json()
    return content


def test_it_is_off_unless_it_is_switched_on_and_never_part_of_the_contract(client: TestClient) -> None:
    with TestClient(create_app(Settings(clock=NOW))) as without:
        assert without.get("/").status_code == without.get("/compare").status_code == 404
    assert not {"/", "/compare"} & client.get("/openapi.json").json()["paths"].keys()


def test_it_shows_the_answer_that_a_client_gets_with_its_parts_and_digests(client: TestClient) -> None:
    answer = answer_of(client)
    page = client.get("/").text
    assert re.findall(r'<p class="soft"><code>(card-[a-z0-9-]+)</code>', page) == [
        item["id"] for item in answer["items"]
    ]
    words = Outline(page).words
    for item in answer["items"]:
        assert f"{item['score'] / 1e6:.3f}" in words
    for digest in answer["digests"].values():
        assert digest in page
    assert "kind taste" in words
    assert all(f" {entry['reason']} " in f"{words} " for entry in answer["filtered"])


@pytest.mark.parametrize(
    "query",
    [
        "/",
        "/?surface=up_next&count=500&limit=100&explicit=no",
        "/?age=kids&device=car&market=AQ",
        "/?condition=overload&pin=card-credits-02&slot=2",
        "/?condition=no_features&playing=",
        "/compare",
        "/compare?surface=up_next&count=60&b.listener=new-listener&b.condition=overload",
    ],
)
def test_every_page_is_well_formed_and_names_nothing_twice(client: TestClient, query: str) -> None:
    answer = client.get(query)
    assert answer.status_code == 200
    outline = Outline(answer.text)
    assert len(outline.ids) == len(set(outline.ids))
    assert not {name for name in outline.attributes if name.startswith("on") or name in {"style", "src"}}
    assert "<script" not in answer.text


def test_nothing_but_its_own_style_may_load_and_nothing_keeps_it(client: TestClient) -> None:
    headers = client.get("/").headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; img-src data:; form-action 'self'; base-uri 'none'")
    assert "unsafe" not in policy
    assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("listener", "listener"),
        ("playing", "playing"),
        ("dismissed", "dismissed"),
        ("pin", "pin"),
        ("hour", "hour"),
    ],
)
def test_hostile_text_is_escaped_wherever_it_is_shown(client: TestClient, name: str, field: str) -> None:
    hostile = "\"'><script>alert(1)</script>{{7*7}}"
    for path, query in (("/", {name: hostile}), ("/compare", {f"b.{name}": hostile})):
        answer = client.get(path, params=query)
        assert answer.status_code == 422
        assert "<script" not in answer.text
        assert "49" not in Outline(answer.text).words


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("hour=24", "hour : give a whole number from 0 to 23"),
        ("hour=9e0", "hour : give a whole number"),
        ("limit=21", "limit : give a whole number from 1 to 20 for cards"),
        ("count=0", "count : give a whole number from 1 to 500"),
        ("market=ZZ", "market : choose one of the list"),
        ("model=" + "0" * 64, "model : choose one of the list"),
        ("listener=" + "a" * 65, "listener : give letters, digits"),
        ("pin=card-credits-02&slot=0", "slot : give a whole number from 1 to 100"),
        ("dismissed=" + "+".join(f"a{n}" for n in range(201)), "dismissed : give at most 200 ids"),
    ],
)
def test_a_question_that_no_client_could_ask_is_refused_by_field(
    client: TestClient, query: str, told: str
) -> None:
    answer = client.get(f"/?{query}")
    assert answer.status_code == 422
    assert told in Outline(answer.text).words
    assert 'aria-invalid="true"' in answer.text
    assert "There is no answer" in answer.text


@given(
    st.sampled_from(["/", "/compare"]),
    st.dictionaries(
        st.sampled_from([f"{prefix}{name}" for prefix in ("", "a.", "b.") for name in FIELDS]),
        st.text(max_size=30)
        | st.sampled_from(["", "0", "1", "500", "up_next", "track-0001", "no", "kids", "-1", "٣"]),
        max_size=6,
    ),
)
@settings(deadline=None, max_examples=60)
def test_no_query_breaks_the_page(client: TestClient, path: str, query: dict[str, str]) -> None:
    answer = client.get(path, params=query)
    assert answer.status_code in (200, 422)
    assert "<script" not in answer.text
    Outline(answer.text)


@pytest.mark.parametrize(
    "query",
    ["listener=%ff%fe", "listener=%00", "playing=%ed%a0%80", "market=GB&market=%27%3E", "%3Cscript%3E=1"],
)
def test_no_bytes_break_the_page(client: TestClient, query: str) -> None:
    answer = client.get(f"/?{query}")
    assert answer.status_code in (200, 422)
    assert "<script" not in answer.text
    Outline(answer.text)


def test_what_moved_an_item_is_told(client: TestClient) -> None:
    words = Outline(client.get("/?pin=card-credits-02&slot=2&limit=20").text).words
    assert "Pinned here. By score alone:" in words
    assert "Held back by diversity of kinds. By score alone:" in words
    assert "others were held back." in words


@pytest.mark.parametrize(
    ("condition", "reason"), [("no_features", "features_unavailable"), ("overload", "overloaded")]
)
def test_a_degraded_answer_says_why_and_keeps_its_constraints(
    client: TestClient, condition: str, reason: str
) -> None:
    page = client.get(f"/?condition={condition}&age=kids&market=DE").text
    assert f"degraded: {reason}" in " ".join(Outline(page).words.split())
    withheld = set(re.findall(r"<li><code>(card-[a-z0-9-]+)</code>", page))
    full = set(re.findall(r"<li><code>(card-[a-z0-9-]+)</code>", client.get("/?age=kids&market=DE").text))
    assert withheld == full != set()


def test_two_answers_are_compared_by_place(client: TestClient) -> None:
    page = client.get("/compare?b.pin=card-credits-02&b.slot=1").text
    words = " ".join(Outline(page).words.split())
    assert re.search(r"card-credits-02 (same|new|up \d+) ", words)
    assert re.search(r"\d+ up, \d+ down, \d+ new, \d+ in the same place, \d+ gone", words)
    assert "card-credits-02" in client.get("/compare?b.pin=card-credits-02&b.slot=1&limit=20").text
    same = " ".join(Outline(client.get("/compare").text).words.split())
    assert "0 up, 0 down, 0 new, 10 in the same place, 0 gone" in same


def test_another_model_can_be_asked_and_says_its_digest(client: TestClient) -> None:
    parent = read_lock(MODELS).parent
    assert parent is not None
    page = client.get(f"/?model={parent}").text
    assert f'<code title="{parent}">{parent[:12]}</code>' in page


def test_a_page_leaves_no_trace_in_the_metrics_of_rankings(client: TestClient) -> None:
    before = client.get("/metrics").text.count('stage="rank"')
    client.get("/?condition=overload")
    after = client.get("/metrics").text
    assert after.count('stage="rank"') == before
    assert 'now_playing_requests_total{operation="page",status="200"}' in after


def test_every_choice_of_every_list_gives_an_answer(client: TestClient) -> None:
    for name, texts in OPTIONS.items():
        for text in texts:
            assert client.get("/", params={name: text}).status_code == 200, (name, text)
