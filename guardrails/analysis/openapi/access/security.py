"""Whether credentials that base accepted are still enough."""

from guardrails.analysis.openapi.operations import Operation
from guardrails.analysis.openapi.values import Json, canonical, listed, members, texts

_ADDRESSES = ("authorizationUrl", "tokenUrl", "refreshUrl")
Requirement = dict[str, frozenset[str]]


def requirements(operation: Operation, base: Operation | None = None) -> list[Requirement]:
    """Return the alternatives, each a set of scopes by scheme; no requirement is one empty alternative.

    A scheme is known by what it asks of a request and not by its name, where it is defined; one
    whose tokens come from where those of a scheme of base come from is that scheme.
    """
    found = [
        {
            _scheme(operation, name, base or operation): frozenset(texts(scopes))
            for name, scopes in members(one).items()
        }
        for one in listed(operation.security())
    ]
    return found or [{}]


def _known_as(operation: Operation, name: str, base: Operation) -> str:
    """Return the name that base has for a scheme of tokens that base knows under no name of this one."""
    known = members(members(base.document.root.get("components")).get("securitySchemes"))
    addresses = _addresses(operation, name)
    if name in known or addresses == [canonical(None)]:
        return name
    alike = [one for one in known if _addresses(base, one) == addresses]
    return alike[0] if len(alike) == 1 else name


def _scheme(operation: Operation, name: str, base: Operation) -> str:
    components = members(operation.document.root.get("components"))
    raw = operation.document.resolved(members(components.get("securitySchemes")).get(name))
    schemes = members(components.get("securitySchemes"))
    asked = _asked(raw)
    alike = [
        one for one, other in schemes.items() if asked and _asked(operation.document.resolved(other)) == asked
    ]
    known_as = _known_as(operation, name, base)
    return asked if len(alike) == 1 else f"{raw.get('type') or ''} {known_as} {asked}"


def _asked(raw: dict[str, Json]) -> str:
    """Return what a scheme asks of a request, empty where only its name tells."""
    if raw.get("type") == "apiKey":
        return canonical(["apiKey", raw.get("in"), _lowered(raw.get("name"))])
    return canonical(["http", _lowered(raw.get("scheme"))]) if raw.get("type") == "http" else ""


def _lowered(value: Json) -> Json:
    return value.lower() if isinstance(value, str) else value


def refused(base: Operation, head: Operation) -> Requirement | None:
    """Return credentials that satisfy base and no alternative of head, None when all still do."""
    offered = requirements(head, base)
    for had in requirements(base):
        if not any(_is_enough(had, needed) for needed in offered):
            return had
    return None


def moved_endpoints(base: Operation, head: Operation) -> list[str]:
    """Return the schemes that both need and whose tokens are now to be had at another address."""
    return [
        name
        for name in sorted(set(_schemes(base)) & set(_schemes(head)))
        if set(_addresses(base, name)) - set(_addresses(head, name))
    ]


def scopes_gone(base: Operation, head: Operation) -> list[tuple[str, str]]:
    """Return (scheme, scope) of what both need and head's scheme, unlike base's, no longer offers."""
    needed = {
        (name, scope)
        for one in listed(base.security())
        for name, scopes in members(one).items()
        for scope in texts(scopes)
    }
    still = {name for name in _schemes(head) if _offered(head, name)}
    return sorted(
        (name, scope)
        for name, scope in needed
        if name in still and scope in _offered(base, name) and scope not in _offered(head, name)
    )


def _offered(operation: Operation, name: str) -> set[str]:
    components = members(operation.document.root.get("components"))
    raw = operation.document.resolved(members(components.get("securitySchemes")).get(name))
    return {scope for _, flow in _flows(members(raw.get("flows"))) for scope in members(flow.get("scopes"))}


def _schemes(operation: Operation) -> list[str]:
    return [name for one in listed(operation.security()) for name in members(one)]


def _addresses(operation: Operation, name: str) -> list[str]:
    components = members(operation.document.root.get("components"))
    raw = operation.document.resolved(members(components.get("securitySchemes")).get(name))
    flows = members(raw.get("flows"))
    found = [
        canonical([kind, key, flow.get(key)])
        for kind, flow in _flows(flows)
        for key in _ADDRESSES
        if key in flow
    ]
    return [*sorted(found), canonical(raw.get("openIdConnectUrl"))]


def _flows(flows: dict[str, Json]) -> list[tuple[str, dict[str, Json]]]:
    return [(kind, members(flow)) for kind, flow in flows.items()]


def _is_enough(had: Requirement, needed: Requirement) -> bool:
    return all(scheme in had and scopes <= had[scheme] for scheme, scopes in needed.items())
