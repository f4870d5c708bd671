"""A lending library on bare Starlette, its document written by hand: for changes of behaviour.

It has what REST services have beside their schemas: entity tags, cache headers, idempotency keys,
pages, negotiated media types, merges by PATCH, a log of what was done.
"""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

MOST = 50
books: dict[str, dict[str, Any]] = {}
loans: dict[str, dict[str, Any]] = {}
answered: dict[str, dict[str, Any]] = {}
log: list[str] = []


def problem(status: int, code: str, detail: str) -> JSONResponse:
    """Answer with a problem."""
    return JSONResponse({"code": code, "detail": detail}, status, media_type="application/problem+json")


def plain(text: str) -> str:
    """Return a text as searches compare it."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(one for one in letters if not unicodedata.combining(one)).split())


def tag_of(value: Mapping[str, Any]) -> str:
    """Return the entity tag of a value."""
    return '"' + hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16] + '"'


def whole(text: str | None, usual: int) -> int:
    """Return the number that a text spells, else the usual one."""
    try:
        return int(text) if text else usual
    except ValueError:
        return usual


async def body_of(request: Request) -> dict[str, Any] | None:
    """Return the body as an object, None for what is none."""
    try:
        found = json.loads(await request.body())
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


async def add_book(request: Request) -> Response:
    """Add a book; the same key answers the same again, the same shelf mark conflicts."""
    key = request.headers.get("idempotency-key", "")
    if key and key in answered:
        return JSONResponse(answered[key], 201, {"x-replayed": "true"})
    given = await body_of(request)
    if given is None or not isinstance(given.get("title"), str) or not given["title"].strip():
        return problem(422, "invalid", "title must be a text that is not empty")
    mark: object = given.get("mark")
    if mark is not None and any(one["mark"] == mark for one in books.values()):
        return problem(409, "mark-taken", f"another book has the mark {mark}")
    made: dict[str, Any] = {
        "id": f"b{len(books) + 1}",
        "title": unicodedata.normalize("NFC", given["title"].strip()),
        "mark": mark,
        "tags": list(dict.fromkeys(given.get("tags") or [])),
        "note": given.get("note"),
        "fee": str(Decimal(str(given.get("fee", 0))).quantize(Decimal("0.01"), ROUND_HALF_EVEN)),
    }
    books[made["id"]] = made
    log.append(f"added {made['id']}")
    if key:
        answered[key] = made
    return JSONResponse(made, 201, {"location": f"/books/{made['id']}"})


async def list_books(request: Request) -> Response:
    """List books: searched, filtered by tag, sorted, a page at a time."""
    asked = request.query_params
    limit = max(1, min(whole(asked.get("limit"), 3), MOST))
    page = max(1, whole(asked.get("page"), 1))
    found = list(books.values())
    if wanted := plain(asked.get("search", "")):
        found = [one for one in found if wanted in plain(one["title"])]
    if tag := asked.get("tag"):
        found = [one for one in found if tag in one["tags"]]
    if asked.get("sort") == "title":
        found = sorted(found, key=lambda one: one["title"])
    elif asked.get("sort") == "-fee":
        found = sorted(found, key=lambda one: Decimal(one["fee"]), reverse=True)
    start = (page - 1) * limit
    shown = found[start : start + limit]
    headers = {"x-total-count": str(len(found)), "cache-control": "private, max-age=30"}
    if start + limit < len(found):
        headers["link"] = f'</books?page={page + 1}&limit={limit}>; rel="next"'
    if "text/csv" in request.headers.get("accept", ""):
        lines = [f"{one['id']};{one['title']}" for one in shown]
        return PlainTextResponse("\n".join(["id;title", *lines]), 200, headers, "text/csv")
    return JSONResponse(shown, 200, headers)


async def read_book(request: Request) -> Response:
    """Return one book, or that it did not change."""
    found = books.get(request.path_params["book_id"])
    if found is None:
        return problem(404, "unknown-book", "there is no such book")
    headers = {"etag": tag_of(found), "cache-control": "no-cache", "vary": "accept"}
    if request.headers.get("if-none-match") in (headers["etag"], "*"):
        return Response(None, 304, headers)
    return JSONResponse(found, 200, headers)


async def change_book(request: Request) -> Response:
    """Merge a patch: what is left out stays, what is null is emptied; a wrong If-Match is refused."""
    found = books.get(request.path_params["book_id"])
    given = await body_of(request)
    if found is None:
        return problem(404, "unknown-book", "there is no such book")
    if given is None:
        return problem(422, "invalid", "the patch must be an object")
    wanted = request.headers.get("if-match")
    if wanted and wanted not in (tag_of(found), "*"):
        return problem(412, "changed-meanwhile", "the book was changed by someone else")
    for name in ("title", "note"):
        if name in given and (name == "note" or isinstance(given[name], str)):
            found[name] = given[name]
    log.append(f"changed {found['id']}")
    return JSONResponse(found, 200, {"etag": tag_of(found)})


async def lend(request: Request) -> Response:
    """Lend a book until a moment, kept in UTC; one that is lent conflicts."""
    found = books.get(request.path_params["book_id"])
    if found is None:
        return problem(404, "unknown-book", "there is no such book")
    given = await body_of(request) or {}
    try:
        until = datetime.fromisoformat(str(given.get("until")))
    except ValueError:
        return problem(422, "invalid", "until must be a moment")
    if found["id"] in loans:
        return problem(409, "lent-already", f"it is lent until {loans[found['id']]['until']}")
    until = until.replace(tzinfo=UTC) if until.tzinfo is None else until.astimezone(UTC)
    loans[found["id"]] = {"book": found["id"], "until": until.isoformat(), "day": until.strftime("%a")}
    log.append(f"lent {found['id']}")
    return JSONResponse(loans[found["id"]], 201)


async def give_back(request: Request) -> Response:
    """Take a book back; twice does no harm."""
    loans.pop(request.path_params["book_id"], None)
    log.append(f"back {request.path_params['book_id']}")
    return Response(None, 204)


async def statistics(_: Request) -> Response:
    """Say what was done so far."""
    return JSONResponse(
        {"books": len(books), "lent": sorted(loans), "done": len(log), "last": log[-1:] or None}
    )


def schema(**properties: object) -> dict[str, Any]:
    """Return an object's schema."""
    return {"type": "object", "properties": properties}


TEXT: dict[str, Any] = {"type": "string"}
MAYBE: dict[str, Any] = {"type": ["string", "null"]}
BOOK = schema(id=TEXT, title=TEXT, mark=MAYBE, tags={"type": "array", "items": TEXT}, note=MAYBE, fee=TEXT)
NEW = {
    **schema(
        title=TEXT,
        mark=MAYBE,
        tags={"type": "array", "items": TEXT},
        note=MAYBE,
        fee={"type": "number", "minimum": 0, "maximum": 500},
    ),
    "required": ["title"],
}


def answers(**schemas: object) -> dict[str, Any]:
    """Return the responses of an operation, problems among them."""
    made: dict[str, Any] = {
        key.lstrip("s"): {"description": "", "content": {"application/json": {"schema": one}}}
        if one
        else {"description": ""}
        for key, one in schemas.items()
    }
    trouble = {"application/problem+json": {"schema": schema(code=TEXT, detail=TEXT)}}
    return {**made, "4XX": {"description": "a problem", "content": trouble}}


def sent(one: object) -> dict[str, Any]:
    """Return a body that is required."""
    return {"required": True, "content": {"application/json": {"schema": one}}}


def asked(place: str, name: str, one: object, *, required: bool = False) -> dict[str, Any]:
    """Return a parameter."""
    return {"in": place, "name": name, "required": required, "schema": one}


def document(_: Request) -> Response:
    """Return the OpenAPI document."""
    number = {"type": "integer", "minimum": 1}
    book_id = [asked("path", "book_id", TEXT, required=True)]
    paths = {
        "/books": {
            "get": {
                "parameters": [
                    asked("query", "search", TEXT),
                    asked("query", "tag", TEXT),
                    asked("query", "sort", {"type": "string", "enum": ["title", "-fee"]}),
                    asked("query", "page", number),
                    asked("query", "limit", {**number, "maximum": 500}),
                    asked("header", "accept", {"type": "string", "enum": ["application/json", "text/csv"]}),
                ],
                "responses": {
                    "200": {
                        "description": "",
                        "content": {
                            "application/json": {"schema": {"type": "array", "items": BOOK}},
                            "text/csv": {"schema": TEXT},
                        },
                    }
                },
            },
            "post": {
                "parameters": [asked("header", "idempotency-key", TEXT)],
                "requestBody": sent(NEW),
                "responses": answers(s201=BOOK),
            },
        },
        "/books/{book_id}": {
            "parameters": book_id,
            "get": {
                "parameters": [asked("header", "if-none-match", TEXT)],
                "responses": answers(s200=BOOK, s304=None),
            },
            "patch": {
                "parameters": [asked("header", "if-match", TEXT)],
                "requestBody": sent(schema(title=TEXT, note=MAYBE)),
                "responses": answers(s200=BOOK),
            },
        },
        "/books/{book_id}/loan": {
            "parameters": book_id,
            "post": {
                "requestBody": sent(schema(until={"type": "string", "format": "date-time"})),
                "responses": answers(s201=schema(book=TEXT, until=TEXT, day=TEXT)),
            },
            "delete": {"responses": answers(s204=None)},
        },
        "/statistics": {"get": {"responses": answers(s200=schema(books={"type": "integer"}))}},
    }
    return JSONResponse({"openapi": "3.1.0", "info": {"title": "library", "version": "1"}, "paths": paths})


app = Starlette(
    routes=[
        Route("/openapi.json", document),
        Route("/books", list_books, methods=["GET"]),
        Route("/books", add_book, methods=["POST"]),
        Route("/books/{book_id}", read_book, methods=["GET"]),
        Route("/books/{book_id}", change_book, methods=["PATCH"]),
        Route("/books/{book_id}/loan", lend, methods=["POST"]),
        Route("/books/{book_id}/loan", give_back, methods=["DELETE"]),
        Route("/statistics", statistics, methods=["GET"]),
    ]
)
