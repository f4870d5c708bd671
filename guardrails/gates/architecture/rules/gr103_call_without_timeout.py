"""A call that may wait for ever turns a slow dependency into an outage of ours."""

from collections.abc import Iterator

from guardrails.analysis.code.facts import Call
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_VERBS = ("get", "post", "put", "patch", "delete", "head", "options", "request")
_REDIS = ("redis.Redis", "redis.StrictRedis", "redis.from_url", "redis.Redis.from_url")
# These also take their bounds from the address, which may be put together elsewhere.
_BY_ADDRESS = ("psycopg.connect", "psycopg2.connect", "psycopg.AsyncConnection.connect")
# Name -> (the keyword that bounds it, its place among positional arguments or -1).
_UNBOUNDED: dict[str, tuple[str, int]] = {
    **{f"requests.{verb}": ("timeout", -1) for verb in _VERBS},
    **{f"requests.{maker}().{verb}": ("timeout", -1) for maker in ("Session", "session") for verb in _VERBS},
    "urllib.request.urlopen": ("timeout", 2),
    "http.client.HTTPConnection": ("timeout", 2),
    "http.client.HTTPSConnection": ("timeout", -1),
    "aiohttp.ClientSession": ("timeout", -1),
    "aiohttp.request": ("timeout", -1),
    "socket.create_connection": ("timeout", 1),
    "smtplib.SMTP": ("timeout", 3),
    "smtplib.SMTP_SSL": ("timeout", -1),
    "ftplib.FTP": ("timeout", 4),
    "imaplib.IMAP4": ("timeout", 2),
    "imaplib.IMAP4_SSL": ("timeout", -1),
    "paramiko.SSHClient().connect": ("timeout", -1),
    "asyncpg.connect": ("command_timeout", -1),
    "asyncpg.create_pool": ("command_timeout", -1),
    "pymysql.connect": ("read_timeout", -1),
    **dict.fromkeys(_BY_ADDRESS, ("connect_timeout", -1)),
    **dict.fromkeys(_REDIS, ("socket_timeout", -1)),
    **{name.replace("redis.", "redis.asyncio.", 1): ("socket_timeout", -1) for name in _REDIS},
}
# These bound every call by default (httpx: 5 s), so only an explicit None is a fault.
_BOUNDED_BY_DEFAULT = tuple(
    f"{library}.{name}" for library in ("httpx", "httpx2") for name in ("", "Client().", "AsyncClient().")
)
_CLIENTS = frozenset(
    f"{library}.{name}" for library in ("httpx", "httpx2") for name in ("Client", "AsyncClient")
)
WORDS = (
    "requests.",
    "urllib",
    "http.",
    "aiohttp.",
    "socket.",
    "smtplib.",
    "ftplib.",
    "imaplib.",
    "paramiko.",
    "asyncpg.",
    "pymysql.",
    "psycopg",
    "redis.",
    "httpx",
    "_pb2_grpc",
)

RULE = Rule(
    id="GR103",
    name="call-without-timeout",
    gate="architecture",
    summary="An outbound call or a client has no timeout.",
    why="Without a bound a dependency that hangs holds a request, its worker and its connection for ever; "
    "under load the whole service stands still although nothing of ours is broken.",
    remedy="Pass a timeout that fits the request's own deadline.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            import requests

            def fetch(url):
                return requests.get(url)
            """,
        ),
        example(
            """
            import httpx

            def fetch(url):
                return httpx.get(url, timeout=None)
            """,
        ),
        example(
            """
            import aiohttp

            async def fetch(url):
                async with aiohttp.ClientSession() as session:
                    return await session.get(url)
            """,
        ),
        example(
            """
            from urllib.request import urlopen

            def fetch(url):
                return urlopen(url)
            """,
        ),
        example(
            """
            import redis

            def connect(host):
                return redis.Redis(host)
            """,
        ),
        example(
            """
            import asyncpg

            async def connect(address):
                return await asyncpg.create_pool(address, max_size=4)
            """,
        ),
        example(
            """
            import psycopg

            def connect():
                return psycopg.connect('dbname=shop host=db')
            """,
        ),
        example(
            """
            from shop.cards_pb2_grpc import CardsStub

            def fetch(channel, query):
                stub = CardsStub(channel)
                return stub.Rank(query)
            """,
        ),
    ),
    good=(
        example(
            """
            import asyncpg, psycopg

            def connect(address):
                return psycopg.connect('dbname=shop connect_timeout=2'), psycopg.connect(address)

            async def open_pool(address):
                return await asyncpg.create_pool(address, max_size=4, command_timeout=2)
            """,
        ),
        example(
            """
            import requests

            def fetch(url):
                return requests.get(url, timeout=(1, 2))
            """,
        ),
        example(
            """
            import httpx

            def fetch(url):
                return httpx.get(url)
            """,
        ),
        example(
            """
            import functools, requests

            get = functools.partial(requests.get, timeout=2)

            def fetch(url):
                return get(url)
            """,
        ),
        example(
            """
            import urllib.request

            def fetch(url):
                return urllib.request.urlopen(url, None, 3)
            """,
        ),
        example(
            """
            import redis

            def connect(host, options):
                return redis.Redis(host, **options)
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every call that may wait without a bound."""
    for call in module.facts.calls:
        name = call.name.lstrip("?:")
        keyword = _missing(name, call)
        if keyword:
            yield Found(
                call.line,
                call.scope,
                f"{name} is called without a bound on how long it waits",
                call.text,
                f"Pass `{keyword}=` with a number of seconds that fits the request's own deadline.",
            )


def _missing(name: str, call: Call) -> str | None:
    if call.has_unknown_keywords or "*" in call.arguments:
        return None
    if name in _BY_ADDRESS and _has_open_address(call):
        return None
    if name in _UNBOUNDED:
        keyword, place = _UNBOUNDED[name]
        given = call.keyword(keyword)
        if given is None and 0 <= place < len(call.arguments):
            given = call.arguments[place]
        return keyword if given in {None, "None"} else None
    if name in _CLIENTS or (name.startswith(_BOUNDED_BY_DEFAULT) and name.rpartition(".")[2] in _VERBS):
        return "timeout" if call.keyword("timeout") == "None" else None
    owner, _, method = name.rpartition(".")
    module, _, stub = owner.rpartition(".")
    is_stub = module.endswith("_pb2_grpc") and stub.endswith("Stub()") and method[:1].isupper()
    return "timeout" if is_stub and call.keyword("timeout") in {None, "None"} else None


def _has_open_address(call: Call) -> bool:
    """Whether the address is no literal, or is one with a bound in it."""
    given = call.arguments[0] if call.arguments else call.keyword("dsn") or call.keyword("conninfo")
    return given is not None and (given[:1] not in {"'", '"'} or "connect_timeout" in given)
