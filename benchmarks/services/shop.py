"""A small shop whose answers depend on order, rounding, limits, texts, dates, letters and state."""

import hashlib
import json
import unicodedata
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

from fastapi import FastAPI, Header, HTTPException, Query, Response
from pydantic import BaseModel, Field

app = FastAPI()
DEFAULT_LIMIT = 10
TAX_PERCENT = 19
FREE_SHIPPING_FROM = 5000
SHIPPING = 490
STEPS = {"new": "paid", "paid": "sent", "sent": "done"}


class NewItem(BaseModel):
    """What a client says about an item."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    category: Literal["book", "music", "film"] = "book"
    price_cents: Annotated[int, Field(ge=0, le=1_000_000)]
    tags: Annotated[list[str], Field(max_length=12)] = []
    note: str | None = None
    released: date | None = None


class Item(NewItem):
    """An item of the shop."""

    id: str
    created: datetime
    version: int = 1


class Change(BaseModel):
    """What a client changes of an item."""

    name: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    price_cents: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    note: str | None = None


class Line(BaseModel):
    """So many of one item."""

    item_id: str
    quantity: Annotated[int, Field(ge=1, le=50)] = 1


class Discount(BaseModel):
    """What a price is asked for."""

    amount_cents: Annotated[int, Field(ge=0, le=10_000_000)]
    quantity: Annotated[int, Field(ge=1, le=1000)] = 1
    code: Annotated[str, Field(max_length=12)] | None = None
    member: bool = False


class Delivery(BaseModel):
    """When something was ordered, and how many working days it takes."""

    ordered: datetime
    days: Annotated[int, Field(ge=0, le=30)] = 2


class Text(BaseModel):
    """Any text."""

    text: Annotated[str, Field(max_length=200)]


class Words(BaseModel):
    """Any words."""

    words: Annotated[list[str], Field(max_length=50)]


items: dict[str, Item] = {}
carts: dict[str, dict[str, int]] = {}
orders: dict[str, dict[str, object]] = {}


@app.post("/items", status_code=201)
def create_item(new: NewItem, response: Response) -> Item:
    """Keep a new item."""
    made = Item(id=str(uuid.uuid4()), created=datetime.now(UTC), **new.model_dump())
    made.tags = sorted({tag.strip().lower() for tag in new.tags if tag.strip()})
    items[made.id] = made
    response.headers["location"] = f"/items/{made.id}"
    return made


@app.get("/items")
def list_items(
    response: Response,
    category: Literal["book", "music", "film"] | None = None,
    limit: Annotated[int, Query(ge=1)] = DEFAULT_LIMIT,
    offset: Annotated[int, Query(ge=0)] = 0,
    sort: Literal["name", "price", "-price"] = "name",
) -> dict[str, object]:
    """Return a page of the items."""
    found = [one for one in items.values() if category is None or one.category == category]
    if sort == "name":
        found.sort(key=lambda one: (one.name.casefold(), one.price_cents))
    else:
        found.sort(key=lambda one: (one.price_cents, one.name), reverse=sort == "-price")
    page = found[offset : offset + min(limit, 50)]
    response.headers["x-total-count"] = str(len(found))
    response.headers["cache-control"] = "max-age=60"
    following = offset + len(page)
    return {
        "items": [{"id": one.id, "name": one.name, "price": f"{one.price_cents / 100:.2f}"} for one in page],
        "next": following if following < len(found) else None,
        "count": len(page),
    }


def known(item_id: str) -> Item:
    """Return the item or refuse."""
    if item_id not in items:
        raise HTTPException(404, f"item {item_id!r} is not known")
    return items[item_id]


@app.get("/items/{item_id}")
def read_item(item_id: str, response: Response) -> dict[str, object]:
    """Return one item."""
    found = known(item_id)
    content = found.model_dump(mode="json", exclude_none=True)
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    response.headers["etag"] = f'"{digest[:16]}"'
    return content


@app.patch("/items/{item_id}")
def change_item(item_id: str, change: Change) -> Item:
    """Change what is given."""
    found = known(item_id)
    for name, value in change.model_dump(exclude_unset=True).items():
        if value is not None or name == "note":
            setattr(found, name, value)
    found.version += 1
    return found


@app.delete("/items/{item_id}", status_code=204)
def delete_item(item_id: str) -> None:
    """Forget an item, also in every cart."""
    known(item_id)
    del items[item_id]
    for lines in carts.values():
        lines.pop(item_id, None)


@app.post("/carts", status_code=201)
def create_cart() -> dict[str, object]:
    """Open a cart."""
    cart_id = str(uuid.uuid4())
    carts[cart_id] = {}
    return {"id": cart_id, "lines": [], "total_cents": 0}


def cart_of(cart_id: str) -> dict[str, int]:
    """Return the lines of a cart or refuse."""
    if cart_id not in carts:
        raise HTTPException(404, "no such cart")
    return carts[cart_id]


@app.post("/carts/{cart_id}/lines")
def add_line(cart_id: str, line: Line) -> dict[str, object]:
    """Put items into a cart."""
    lines = cart_of(cart_id)
    known(line.item_id)
    if lines.get(line.item_id, 0) + line.quantity > 60:
        raise HTTPException(409, "at most 60 of one item")
    lines[line.item_id] = lines.get(line.item_id, 0) + line.quantity
    return read_cart(cart_id)


@app.get("/carts/{cart_id}")
def read_cart(cart_id: str) -> dict[str, object]:
    """Return a cart with its sums."""
    lines = cart_of(cart_id)
    goods = sum(items[one].price_cents * number for one, number in lines.items())
    shipping = 0 if not lines or goods >= FREE_SHIPPING_FROM else SHIPPING
    return {
        "id": cart_id,
        "lines": [{"item_id": one, "quantity": number} for one, number in lines.items()],
        "goods_cents": goods,
        "shipping_cents": shipping,
        "tax_cents": round(goods * TAX_PERCENT / (100 + TAX_PERCENT)),
        "total_cents": goods + shipping,
    }


@app.post("/carts/{cart_id}/checkout", status_code=201)
def check_out(cart_id: str) -> dict[str, object]:
    """Make an order of a cart and empty it."""
    lines = cart_of(cart_id)
    if not lines:
        raise HTTPException(422, "an empty cart cannot be ordered")
    order_id = str(uuid.uuid4())
    orders[order_id] = {"id": order_id, "state": "new", "lines": sum(lines.values())}
    carts[cart_id] = {}
    return orders[order_id]


@app.post("/orders/{order_id}/advance")
def advance(order_id: str) -> dict[str, object]:
    """Take an order one step further."""
    if order_id not in orders:
        raise HTTPException(404, "no such order")
    state = str(orders[order_id]["state"])
    if state not in STEPS:
        raise HTTPException(409, f"an order that is {state} goes nowhere")
    orders[order_id]["state"] = STEPS[state]
    return orders[order_id]


@app.get("/orders")
def list_orders(state: Literal["new", "paid", "sent", "done"] | None = None) -> list[dict[str, object]]:
    """Return all orders, the newest first."""
    found = [one for one in orders.values() if state is None or one["state"] == state]
    return found[::-1]


@app.post("/quotes")
def quote(wanted: Discount) -> dict[str, object]:
    """Return what so many cost."""
    total = wanted.amount_cents * wanted.quantity
    percent = 0
    if wanted.quantity >= 10:
        percent = 5
    if wanted.quantity > 100:
        percent = 12
    if wanted.member:
        percent += 3
    if wanted.code is not None and wanted.code.strip().upper() == "SPRING26":
        percent = max(percent, 20)
    net = round(total * (100 - percent) / 100)
    return {"net_cents": net, "percent": percent, "each": round(net / wanted.quantity / 100, 2)}


@app.post("/deliveries")
def deliver(wanted: Delivery) -> dict[str, object]:
    """Return the working day on which something arrives, counted in UTC."""
    begin = wanted.ordered.replace(tzinfo=wanted.ordered.tzinfo or UTC).astimezone(UTC)
    day = begin.date() + timedelta(days=1 if begin.hour >= 14 else 0)
    left = wanted.days
    while left > 0 or day.weekday() >= 5:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return {"arrives": day.isoformat(), "week": day.isocalendar().week, "ordered": begin.isoformat()}


@app.post("/slugs")
def slug(wanted: Text) -> dict[str, str]:
    """Return the text as a part of an address."""
    plain = unicodedata.normalize("NFKD", wanted.text.casefold())
    kept = "".join(
        letter if letter.isalnum() else "-" for letter in plain if not unicodedata.combining(letter)
    )
    joined = "-".join(part for part in kept.split("-") if part)
    return {"slug": joined[:30] or "untitled"}


@app.post("/words")
def count_words(wanted: Words) -> dict[str, object]:
    """Return how often each word is there, the most frequent first."""
    counted: dict[str, int] = {}
    for word in wanted.words:
        if word.strip():
            counted[word.strip().casefold()] = counted.get(word.strip().casefold(), 0) + 1
    ranked = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    return {"top": [{"word": word, "times": number} for word, number in ranked[:5]], "distinct": len(counted)}


@app.get("/search")
def search(q: Annotated[str, Query(max_length=60)]) -> list[str]:
    """Return the names of the items that hold the text, whatever its case."""
    wanted = unicodedata.normalize("NFC", q.strip()).casefold()
    if not wanted:
        raise HTTPException(400, "say what to look for")
    found = [
        one.name for one in items.values() if wanted in unicodedata.normalize("NFC", one.name).casefold()
    ]
    return sorted(found)


@app.get("/summary")
def summary() -> dict[str, object]:
    """Return counts of everything."""
    prices = [one.price_cents for one in items.values()]
    return {
        "items": len(items),
        "by_category": {
            name: sum(one.category == name for one in items.values()) for name in ("book", "music")
        },
        "mean_price": round(sum(prices) / len(prices), 1) if prices else None,
        "carts": len(carts),
    }


@app.get("/me")
def who(x_user: Annotated[str | None, Header()] = None) -> dict[str, object]:
    """Return who asks."""
    if x_user is None:
        raise HTTPException(401, "say who you are in x-user", {"www-authenticate": "User"})
    if len(x_user) > 20:
        raise HTTPException(400, "the name is longer than 20 letters")
    return {"user": x_user.lower(), "admin": x_user.startswith("admin")}
