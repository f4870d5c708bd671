"""What stands around every request is code of requests, though its module has no route."""

import pytest

from tests.guardrails.gates.architecture.judged import Files, rules_found

SETS = "user.set(scope['user'])"
WRITES = "seen[scope['path']] = 1"
HEAD = "from contextvars import ContextVar\n\nuser = ContextVar('user')\nseen = {}\n\n\n"
BY_CALL = "class Around:\n    async def __call__(self, scope, receive, send):\n        BODY\n"
BY_CLASS = (
    "from starlette.middleware.base import BaseHTTPMiddleware\n\n\nclass Around(BaseHTTPMiddleware):\n"
    "    async def dispatch(self, scope, call_next):\n        BODY\n"
)
BY_DECORATOR = (
    "from shop import app\n\n\n@app.middleware('http')\nasync def around(scope, call_next):\n    BODY\n"
)


@pytest.mark.parametrize("form", [BY_CALL, BY_CLASS, BY_DECORATOR], ids=["call", "class", "decorator"])
@pytest.mark.parametrize(("body", "rule"), [(SETS, "GR126"), (WRITES, "GR116")])
def test_middleware_in_a_module_of_its_own_is_judged(form: str, body: str, rule: str) -> None:
    files: Files = {"shop/__init__.py": "", "shop/around.py": HEAD + form.replace("BODY", body)}
    assert rule in rules_found(files)
