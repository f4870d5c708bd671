"""Rules about credentials and addresses."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from guardrails.analysis.openapi.lint.subject import Found, LintRule, Subject
from guardrails.analysis.openapi.operations import Operation
from guardrails.analysis.openapi.values import Json, Node, listed, members, step, texts

_WRITING = {"post", "put", "patch", "delete"}
_LOCAL = {"localhost", "127.0.0.1", "::1", None}


def _document(rest: str, operation: str = "") -> str:
    return (
        "openapi: 3.1.0\ninfo: {title: t, version: '1'}\n"
        f"paths: {{/a: {{post: {{{operation}responses: {{'204': {{description: fine}}}}}}}}}}\n{rest}\n"
    )


def _schemes(subject: Subject) -> dict[str, Node]:
    found = members(subject.components.get("securitySchemes"))
    return {name: subject.document.resolved(one) for name, one in found.items()}


def _named(one: Operation) -> Iterator[tuple[str, Json]]:
    for requirement in listed(one.security()):
        yield from members(requirement).items()


def _open(subject: Subject) -> Found:
    for one in subject.served:
        if one.method in _WRITING and not listed(one.security()):
            yield one.pointer, "the operation writes and needs no credentials"


def _undefined(subject: Subject) -> Found:
    known = _schemes(subject)
    for one in subject.served:
        for name, _ in _named(one):
            if name not in known:
                yield one.pointer, f"the security scheme {name!a} is not defined"


def _scopeless(subject: Subject) -> Found:
    known = _schemes(subject)
    for one in subject.served:
        for name, scopes in _named(one):
            flows = members(known.get(name, {}).get("flows"))
            defined = {scope for flow in flows.values() for scope in members(members(flow).get("scopes"))}
            for scope in texts(scopes) if flows else ():
                if scope not in defined:
                    yield one.pointer, f"the scope {scope!a} of {name!a} is not defined"


def _queried(subject: Subject) -> Found:
    for name, scheme in _schemes(subject).items():
        if scheme.get("type") == "apiKey" and scheme.get("in") == "query":
            yield step("", "components", "securitySchemes", name), f"the key {name!a} is sent in the address"


def _plain(subject: Subject) -> Found:
    for index, server in enumerate(listed(subject.document.root.get("servers"))):
        address = members(server).get("url")
        if isinstance(address, str) and _is_open(address):
            yield step("", "servers", index, "url"), f"{address!a} is not encrypted"
    for name, scheme in _schemes(subject).items():
        for flow in members(scheme.get("flows")).values():
            for key, address in members(flow).items():
                if key.endswith("Url") and isinstance(address, str) and _is_open(address):
                    yield step("", "components", "securitySchemes", name), f"{address!a} is not encrypted"


def _is_open(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme == "http" and parts.hostname not in _LOCAL
    except ValueError:
        return False


def _variables(subject: Subject) -> Found:
    for index, server in enumerate(listed(subject.document.root.get("servers"))):
        address, defined = members(server).get("url"), members(members(server).get("variables"))
        for name in _names(address):
            variable = members(defined.get(name))
            choices = texts(variable.get("enum"))
            if not isinstance(variable.get("default"), str):
                yield step("", "servers", index), f"the variable {name!a} of the address has no default"
            elif choices and variable["default"] not in choices:
                yield step("", "servers", index), f"the default of {name!a} is none of its values"


def _names(address: Json) -> list[str]:
    parts = address.split("{")[1:] if isinstance(address, str) else []
    return [part.partition("}")[0] for part in parts]


_POST = "security: [{k: []}], "
_KEY = "components: {securitySchemes: {k: {type: apiKey, in: header, name: X-K}}}"


def _oauth(address: str, scope: str) -> str:
    flow = f"{{tokenUrl: '{address}', scopes: {{{scope}: any}}}}"
    return f"components: {{securitySchemes: {{o: {{type: oauth2, flows: {{clientCredentials: {flow}}}}}}}}}"


RULES = (
    LintRule(
        "GR246",
        "security-missing",
        "An operation writes and needs no credentials",
        "Most often it was forgotten, and anybody may change data.",
        "Name the scheme under `security`, or write `security: [{}]` where it is meant.",
        _open,
        _document(_KEY),
        _document(_KEY, _POST),
    ),
    LintRule(
        "GR247",
        "security-scheme-undefined",
        "An operation names a security scheme that is not defined",
        "Nobody knows which credentials are meant, and tools send none.",
        "Define the scheme under components.",
        _undefined,
        _document("components: {}", _POST),
        _document(_KEY, _POST),
    ),
    LintRule(
        "GR248",
        "scope-undefined",
        "An operation needs a scope that its scheme does not define",
        "No token can be asked for with it.",
        "Define the scope in the scheme's flows.",
        _scopeless,
        _document(_oauth("https://example.com/t", "read"), "security: [{o: [write]}], "),
        _document(_oauth("https://example.com/t", "write"), "security: [{o: [write]}], "),
    ),
    LintRule(
        "GR249",
        "key-in-address",
        "An API key is sent in the query",
        "Addresses are logged and cached by everyone on the way.",
        "Send the key in a header.",
        _queried,
        _document("components: {securitySchemes: {k: {type: apiKey, in: query, name: k}}}"),
        _document(_KEY),
    ),
    LintRule(
        "GR250",
        "address-unencrypted",
        "A server or a token address is not encrypted",
        "Requests and credentials can be read and changed on the way.",
        "Use https.",
        _plain,
        _document("servers: [{url: 'http://api.example.com'}]"),
        _document("servers: [{url: 'https://api.example.com'}, {url: 'http://localhost:80'}]"),
    ),
    LintRule(
        "GR251",
        "server-variable-undefined",
        "A variable of a server's address has no fitting default",
        "No client knows where to send anything.",
        "Define the variable with a default, one of its values.",
        _variables,
        _document("servers: [{url: 'https://{region}.example.com'}]"),
        _document("servers: [{url: 'https://{region}.example.com', variables: {region: {default: eu}}}]"),
    ),
)
