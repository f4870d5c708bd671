"""A password in the code is everybody's who reads the code, and an address is one environment's."""

import re
from collections.abc import Iterator

from guardrails.analysis.code.facts import Call
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.outbound import CLIENTS, opens_connection
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_SECRETS = (
    r"(?i)(.*_)?(password|passwd|pwd|secret|secret_key|api_key|auth_token|access_key|secret_access_key)\Z"
)
_ADDRESSES = frozenset(
    {"host", "hostname", "url", "base_url", "endpoint_url", "uri", "dsn", "address", "bootstrap_servers"}
)
_OWN = (
    r"(?i)['\"]((\w+://)?(localhost|127\.|0\.0\.0\.0|\[?::1|:memory:|memory|.*example\.|unix:|$)|\w*['\"]\Z)"
)
_PLACEHOLDER = (
    r"(?i)['\"](|none|null|dummy|test|fake|mock|empty|not[-_ ]?(used|needed|set)|x+|-|\.+|<.*>|(your|my)[-_ ].*|na|n/a|"
    r"(no|any)[-_ ]?(key|thing|one).*|ollama|lm-studio|sk-(xxx|\.\.\.|1234|fake|test|no).*|changeme|api[-_]key|"
    r"token|key)['\"]\Z"
)
_ACCOUNT = r"['\"]\w+(\+\w+)?://[^/\s:@'\"]+:(?P<secret>[^/\s@'\"{}<>$]+)@(?P<host>[^/'\"]*)"
_KNOWN_BY_ALL = frozenset({"password", "pass", "postgres", "secret", "guest"})

RULE = Rule(
    id="GR124",
    name="hard-coded-credential",
    gate="architecture",
    summary="A client is given a password, a key or a host that stands in the code.",
    why="What is committed is read by everybody with the repository and by its history for ever, cannot be "
    "rotated without a release, and ties every environment to one machine.",
    remedy="Read it from the settings; keep secrets in the platform's store.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            import redis

            def connect(port):
                return redis.Redis('localhost', port, password='hunter22', socket_timeout=1)
            """,
        ),
        example(
            """
            from sqlalchemy import create_engine

            engine = create_engine('postgresql://shop:s3cr3t9@db.internal/shop')
            """,
        ),
        example(
            """
            import httpx

            def client():
                return httpx.AsyncClient(base_url='http://cards.prod.internal:8080')
            """,
        ),
    ),
    good=(
        example(
            """
            import redis

            def connect(settings):
                return redis.Redis(settings.host, password=settings.password, socket_timeout=1)
            """,
        ),
        example(
            """
            from sqlalchemy import create_engine

            engine = create_engine('sqlite:///:memory:')
            """,
        ),
        example(
            """
            import httpx

            def client():
                return httpx.AsyncClient(base_url='http://localhost:8080')
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every client of a known library whose address or secret is a literal."""
    for call in module.facts.calls:
        if call.name in CLIENTS or opens_connection(call.name):
            what = _literal_in(call)
            if what:
                # The secret itself stays out of messages and fingerprints.
                fact = f"{call.name} is given {what} in the code"
                yield Found(call.line, call.scope, fact, f"{call.name} given {what}")


def _literal_in(call: Call) -> str | None:
    for key, value in call.keywords:
        if value[:1] not in {"'", '"'}:
            continue
        if re.match(_SECRETS, key) and not re.match(_PLACEHOLDER, value):
            return f"`{key}`"
        if key in _ADDRESSES and "." in value and not re.match(_OWN, value):
            return f"`{key}`"
    for value in (*call.arguments[:1], *(one for _, one in call.keywords)):
        held = re.match(_ACCOUNT, value)
        if held and held["secret"].lower() not in _KNOWN_BY_ALL and "localhost" not in held["host"]:
            return "an address with a password"
    return None
