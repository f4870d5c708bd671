"""Writes the OpenAPI document that the project's application derives to an inherited descriptor.

Whatever the application prints goes to standard error, and the nonce of the order comes back
with the document, so that stray output cannot be taken for it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guardrails.payload.application import Application, Message, described, enter, load
else:
    # In the box this folder stands alone, so its files know each other by bare names.
    from application import described, enter, load

PATH = "/openapi.json"


async def fetched(application: Application) -> object:
    """Return what the application answers to GET /openapi.json, asked without a socket."""
    sent: list[Message] = []
    asked: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        return asked.pop() if asked else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Message = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": PATH,
        "raw_path": PATH.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    await application(scope, receive, send)
    status = next((one["status"] for one in sent if one["type"] == "http.response.start"), None)
    if status != 200:  # noqa: PLR2004 - HTTP OK
        raise LookupError(f"GET {PATH} answers {status}, and the application has no openapi()")
    bodies = [one.get("body", b"") for one in sent if one["type"] == "http.response.body"]
    return json.loads(b"".join(body for body in bodies if isinstance(body, bytes)))


def derived(application: Application) -> object:
    """Return the document that the application derives from its own code."""
    derive = getattr(application, "openapi", None)
    return derive() if callable(derive) else asyncio.run(fetched(application))


def main(argument: str) -> int:
    """Derive the document as the JSON `argument` orders, and write it with the order's nonce."""
    order = json.loads(argument)
    os.set_inheritable(order["report"], False)  # noqa: FBT003 - the standard library's own signature
    os.dup2(2, 1)
    enter(order["root"])
    answer = {"nonce": order["nonce"]}
    try:
        answer["document"] = derived(load(order["app"], factory=order["factory"]))
    except Exception as error:  # noqa: BLE001 - any crash of the application is the answer
        answer["failed"] = f"{described(error)}: {error}"[:2000]
    with os.fdopen(order["report"], "wb") as report:
        report.write(json.dumps(answer).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
