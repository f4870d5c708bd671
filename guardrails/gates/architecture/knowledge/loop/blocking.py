"""Calls that hold the event loop, each with what to use instead.

A name that ends in `.` covers everything below it. Reading a small local file is left out: it is
rarely what makes a service slow, and policy's `blocking` can add `builtins.open`. So are the methods
of a socket, whose names do not tell whether it blocks.
"""

from collections.abc import Iterable
from functools import cache

from guardrails.analysis.code.facts import Call
from guardrails.gates.architecture.knowledge.loop.clients import remedy_for_chain

_ASYNC_CLIENT = "use httpx.AsyncClient and await the call"
_PROCESS = "use asyncio.create_subprocess_exec and await it"
_THREAD = "use `await asyncio.to_thread(...)`"
_DATABASE = f"use the driver's async API, or {_THREAD}"
# What the objects under such a prefix do without waiting for anybody.
_QUICK = frozenset(
    {"close", "meta", "exceptions", "can_paginate", "get_paginator", "get_waiter", "generate_presigned_url"}
    | {
        "generate_presigned_post",
        "pipeline",
        "pubsub",
        "lock",
        "register_script",
        "cursor",
        "Table",
        "Object",
    }
    | {"Bucket", "get_database", "get_collection", "get_default_database", "add_done_callback", "events"}
)
_NO_TIME = frozenset({"0", "0.0"})
_VERBS = ("get", "post", "put", "patch", "delete", "head", "options", "request")
_REMEDIES: dict[str, tuple[str, ...]] = {
    "use `await asyncio.sleep(...)`": ("time.sleep",),
    _ASYNC_CLIENT: (
        *(f"requests.{verb}" for verb in _VERBS),
        *(f"requests.{maker}().{verb}" for maker in ("Session", "session") for verb in (*_VERBS, "send")),
        *(f"{library}.{verb}" for library in ("httpx", "httpx2") for verb in (*_VERBS, "stream")),
        *(
            f"{library}.Client().{verb}"
            for library in ("httpx", "httpx2")
            for verb in (*_VERBS, "send", "stream")
        ),
        "urllib.request.urlopen",
        "urllib.request.urlretrieve",
        "urllib3.request",
        "urllib3.PoolManager().request",
        "urllib3.PoolManager().urlopen",
        "http.client.HTTPConnection().request",
        "http.client.HTTPConnection().getresponse",
        "http.client.HTTPSConnection().request",
        "http.client.HTTPSConnection().getresponse",
    ),
    "use asyncio.open_connection, or the loop's sock_ and getaddrinfo methods": (
        "socket.create_connection",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "socket.gethostbyname_ex",
        "socket.gethostbyaddr",
        "select.select",
    ),
    _PROCESS: (
        *(
            f"subprocess.{one}"
            for one in ("run", "call", "check_call", "check_output", "getoutput", "getstatusoutput")
        ),
        "subprocess.Popen().wait",
        "subprocess.Popen().communicate",
        "os.system",
        "os.popen",
        "os.wait",
        "os.waitpid",
    ),
    _DATABASE: (
        "sqlite3.connect",
        "psycopg2.connect",
        "psycopg2.connect().",
        "psycopg.connect",
        "psycopg.connect().",
        "pymysql.connect",
        "MySQLdb.connect",
        "mysql.connector.connect",
        "pymongo.MongoClient().",
    ),
    "use redis.asyncio.Redis and await the call": (
        "redis.Redis().",
        "redis.StrictRedis().",
        "redis.from_url().",
        "redis.Redis.from_url().",
    ),
    f"use aioboto3, or {_THREAD}": (
        "boto3.client().",
        "boto3.resource().",
        "boto3.Session().client().",
        "boto3.session.Session().client().",
    ),
    _THREAD: (
        "builtins.input",
        "smtplib.SMTP",
        "smtplib.SMTP_SSL",
        "ftplib.FTP",
        "multiprocessing.Process().join",
        "threading.Thread().join",
    ),
    # `put` waits only on a full queue, and most have no size.
    "use asyncio.Queue": ("queue.Queue().get", "queue.Queue().join"),
    "use asyncio.Event, asyncio.Lock or asyncio.Condition": (
        "threading.Event().wait",
        "threading.Condition().wait",
        "threading.Barrier().wait",
    ),
}


@cache
def _by_name() -> dict[str, str]:
    return {name: remedy for remedy, names in _REMEDIES.items() for name in names}


def is_impatient(call: Call) -> bool:
    """Whether the call's own arguments say that it must not wait."""
    first = call.arguments[0] if call.arguments else None
    return (
        "False" in {call.keyword("block"), call.keyword("blocking"), first}
        or call.keyword("timeout") in _NO_TIME
        or "os.WNOHANG" in call.arguments
        or (first in _NO_TIME and call.name.endswith((".wait", ".join")))
    )


def remedy_for(meanings: Iterable[str], more: tuple[str, ...] = ()) -> tuple[str, str] | None:
    """Return (name, remedy) when one of a call's meanings blocks; `more` are policy's own names."""
    known = _by_name()
    for name in meanings:
        if name in known:
            return name, known[name]
        if name in more or any(one.endswith(".") and name.startswith(one) for one in more):
            return name, _THREAD
        owner, dot, method = name.rpartition(".")
        if dot and owner + dot in known and method not in _QUICK:
            return name, known[owner + dot]
        remedy = remedy_for_chain(name)
        if remedy:
            return name, remedy
    return None
