"""Small foreign services as tests attack the harness with: one honest, and its hostile variants."""

from collections.abc import Mapping
from pathlib import Path

from tests.attacks.arena import Arena
from tests.repos.builder import RepositoryBuilder

APP = '''"""A raw ASGI shop that starts at once."""

import json


def price(number):
    return number * 2


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await receive()
    path = scope["path"]
    number = int(path.rpartition("/")[2])
    items = [{"id": "a", "price": price(number)}, {"id": "b", "price": price(number)}]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps({"items": items}).encode()})
'''
FAST_APP = """from fastapi import FastAPI

from shop.pricing import price

app = FastAPI()


@app.get("/items/{number}")
def item(number: int) -> dict[str, int]:
    return {"number": number, "price": price(number)}
"""
PRICING = "def price(number: int) -> int:\n    return number * 2\n"
TESTS = """from shop.app import price


def test_price_of_two():
    assert price(2) == 4


def test_price_of_nothing():
    assert price(0) == 0
"""
SCENARIO = "request:\n  operation: GET /items/2\n"
POLICY = """version: 1
services:
  - name: shop
    app: shop.app:app
    contract: contracts/shop
    ready: /items/1
"""
TESTED_POLICY = """version: 1
services:
  - name: shop
    app: shop.app:app
    tests: [tests]
"""
TEN_LINES = "version: 1\nservices:\n  - name: shop\n    app: shop.app:app\n"
SHOP: Mapping[str, str] = {
    "shop/__init__.py": "",
    "shop/app.py": APP,
    "contracts/shop/golden/two.yaml": SCENARIO,
    "policies/guardrails.yaml": POLICY,
}
TESTED_SHOP: Mapping[str, str] = {
    "shop/__init__.py": "",
    "shop/app.py": APP,
    "tests/test_app.py": TESTS,
    "policies/guardrails.yaml": TESTED_POLICY,
}
HARMLESS: Mapping[str, str] = {"shop/more.py": "MORE = 1\n"}


def changed(
    folder: Path, base: Mapping[str, str | bytes], head: Mapping[str, str | bytes] | None = None
) -> Arena:
    """Return an arena over a repository whose `main` holds `base` and whose HEAD adds `head`."""
    repository = RepositoryBuilder(folder / "repository")
    repository.write_all(base).commit("Begin")
    repository.branch("change")
    repository.write_all(HARMLESS if head is None else head).commit("Change")
    return Arena(repository.path, folder / "user")
