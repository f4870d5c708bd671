from guardrails.analysis.code.build import facts_of
from guardrails.analysis.code.routes import routes_in

CODE = """\
from fastapi import APIRouter, FastAPI
import flask
from .shared import router as shared
app, router = FastAPI(), APIRouter(prefix="/v1")
site = flask.Flask(__name__)
@app.get("/a")
def a(): ...
@router.post(path="/b", status_code=201)
@cached
async def b(): ...
@app.websocket("/c")
async def c(): ...
@site.route("/d")
def d(): ...
@unknown.delete("/e")
def e(): ...
@unknown.get("key")
def no_route(): ...
@shared.put(PATH)
def f(): ...
@property
def neither(): ...
"""


def test_routes_are_told_by_their_decorators() -> None:
    facts = facts_of(CODE.encode())
    assert [
        (one.method, one.path, facts.scopes[one.scope].name, one.is_threaded) for one in routes_in(facts)
    ] == [
        ("GET", "/a", "a", True),
        ("POST", "/b", "b", True),
        ("WEBSOCKET", "/c", "c", True),
        ("ANY", "/d", "d", False),
        ("DELETE", "/e", "e", True),
    ]


def test_router_of_another_file_is_followed() -> None:
    facts = facts_of(CODE.encode())
    known = {".shared.router.put": ("fastapi.APIRouter().put",)}
    found = list(routes_in(facts, lambda name: known.get(name, (name,))))
    assert [(one.method, one.path) for one in found if facts.scopes[one.scope].name == "f"] == [("PUT", "")]
