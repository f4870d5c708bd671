"""Which operations a change can reach, by the names that handlers mention."""

from guardrails.gates.contract.replay.reach import reached
from guardrails.model.policy import Service
from tests.repos.memory import context_for

SERVICE = Service("shop", ("shop",), app="shop.app:app", tests=("shop/tests",))
HANDLERS = {"GET /a": ("shop.app:read_a",), "GET /b": ("shop.app:read_b", "shop.app:user")}
APP = """
from shop.prices import Price, total
app = make(lifespan=start)
LIMIT = 5

async def start(app):
    warm()

def user():
    return 1

@app.get("/a")
def read_a():
    return total(Price())

@app.get("/b")
def read_b(one=Depends(user)):
    return LIMIT
"""
PRICES = """
class Price:
    currency = "EUR"
    def __init__(self):
        self.cents = 0
    @property
    def euros(self):
        return self.cents / 100

def total(price):
    return price.euros

def warm():
    fill()

def fill():
    pass

def unused():
    pass
"""


def touched(old: str, new: str, *, path: str = "shop/prices.py") -> list[str] | None:
    base = {"shop/app.py": APP, "shop/prices.py": PRICES, "shop/data.json": "{}"}
    assert base[path].count(old) == 1
    head = {**base, path: base[path].replace(old, new)}
    found = reached(context_for(base, head, services=(SERVICE,)), SERVICE, lambda: HANDLERS)
    return None if found is None else sorted(found)


def test_a_function_is_followed_to_its_handlers_through_properties_and_constants() -> None:
    assert touched("return price.euros", "return 2 * price.euros") == ["GET /a"]
    assert touched("self.cents / 100", "self.cents / 10") == ["GET /a"]
    assert touched("LIMIT = 5", "LIMIT = 6", path="shop/app.py") == ["GET /b"]
    assert touched("return 1", "return 2", path="shop/app.py") == ["GET /b"]
    assert touched('currency = "EUR"', 'currency = "USD"') == ["GET /a"]


def test_comments_and_what_nobody_calls_yet_reach_nothing() -> None:
    assert touched("def fill():", "# quick\ndef fill():") == []
    assert touched("def unused():", "def fresh():\n    pass\n\ndef unused():") == []


def test_what_runs_outside_of_handlers_or_cannot_be_told_reaches_everything() -> None:
    assert touched("def fill():\n    pass", "def fill():\n    return 1") is None
    assert touched("def unused():\n    pass", "def unused():\n    return 1") is None
    assert touched("self.cents = 0", "self.cents = 1") is None
    assert touched("app = make(", "app = make(debug=True, ", path="shop/app.py") is None
    assert touched("def total(price):", "def total(price:") is None
    assert touched("{}", "[]", path="shop/data.json") is None


def test_a_new_or_moved_route_may_take_the_requests_of_another() -> None:
    new = '@app.get("/{name}")\ndef read_any(name):\n    return 1\n\n'

    assert touched('@app.get("/a")', new + '@app.get("/a")', path="shop/app.py") == ["GET /a", "GET /b"]
    assert touched('@app.get("/a")', new.replace("get", "put") + '@app.get("/a")', path="shop/app.py") == []
    assert touched('@app.get("/b")', '@app.get("/c/b")', path="shop/app.py") == ["GET /b"]


def test_a_new_function_that_its_decorator_registers_reaches_everything() -> None:
    new = '@app.middleware("http")\nasync def adds(request, call_next):\n    pass\n\n'

    assert touched('@app.get("/a")', new + '@app.get("/a")', path="shop/app.py") is None
