"""Whether the addresses that base named for its operations still stand.

An address counts as kept when head names an equal one, with or without a trailing slash, host and
scheme in any case, or a template that takes it. Loopback addresses are nobody's but the
developer's. Where only the host is another, or head names none at all, the document does not tell
whether the old one still answers; where no address has the old path (`/v1`), every request goes
astray.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product
from urllib.parse import urlsplit

from guardrails.analysis.openapi.difference import Level
from guardrails.analysis.openapi.operations import Operation
from guardrails.analysis.openapi.values import Json, listed, members, texts

_VARIABLE = re.compile(r"\{([^{}]*)\}")
_MOST = 64
_LOOPBACK = ("localhost", "127.0.0.1", "::1", "0.0.0.0")  # noqa: S104 - addresses to pass over, none to bind


@dataclass(frozen=True, slots=True)
class Moved:
    """One address that base named and head does not: how sure that is, and as a sentence."""

    level: Level
    address: str
    sentence: str


def own_servers(operation: Operation) -> list[Json]:
    """Return the servers that the operation or its path names for itself, none where the document's hold."""
    return listed(operation.raw.get("servers")) or listed(operation.item.get("servers"))


def moved(before: list[Json], after: list[Json]) -> Iterator[Moved]:
    """Yield the addresses of base's servers that head's no longer name."""
    kept = [one for server in after for one in _addresses(server)]
    if kept and not before and all(map(_path, kept)):
        sentence = (
            f"base named no server, so that its paths began at the root, and head's are below {kept[0]!a}"
        )
        yield Moved(Level.UNKNOWN, kept[0], sentence)
    patterns = [re.compile(_pattern(server), re.IGNORECASE) for server in after]
    for server in before:
        for address in _addresses(server):
            if address in kept or any(one.fullmatch(address) for one in patterns) or _is_local(address):
                continue
            if not after:
                yield Moved(Level.UNKNOWN, address, f"head names no server, base named {address!a}")
            elif _path(address) in set(map(_path, kept)):
                yield Moved(Level.UNKNOWN, address, f"head names the server {address!a} no more")
            else:
                yield Moved(Level.BREAKING, address, f"no server has the paths of {address!a} any more")


def _addresses(server: Json) -> list[str]:
    """Return the addresses that a server's template stands for; a variable without values by its default."""
    url, variables = _template(server)
    names = list(dict.fromkeys(_VARIABLE.findall(url)))
    choices = [_values(members(variables.get(name))) or [f"{{{name}}}"] for name in names]
    found = []
    for values in islice(product(*choices), _MOST):
        address = url
        for name, value in zip(names, values, strict=True):
            address = address.replace(f"{{{name}}}", value)
        found.append(_plain(address))
    return found


def _values(variable: dict[str, Json]) -> list[str]:
    default = variable.get("default")
    return texts(variable.get("enum")) or ([default] if isinstance(default, str) else [])


def _pattern(server: Json) -> str:
    """Return what matches each address of a template, variables that list no values taking anything."""
    url, variables = _template(server)
    parts = []
    for index, part in enumerate(_VARIABLE.split(_plain(url))):
        listed_ = texts(members(variables.get(part)).get("enum")) if index % 2 else []
        free = "|".join(map(re.escape, listed_)) if listed_ else "[^/]+"
        parts.append(f"(?:{free})" if index % 2 else re.escape(part))
    return "".join(parts)


def _template(server: Json) -> tuple[str, dict[str, Json]]:
    one = members(server)
    url = one.get("url")
    return url if isinstance(url, str) else "", members(one.get("variables"))


def _plain(address: str) -> str:
    """Return an address as all spellings of it compare: no trailing slash, scheme and host in lower case."""
    text = address.strip().removeprefix("./")
    scheme, mark, rest = text.partition("://")
    if mark:
        host, slash, path = rest.partition("/")
        host = host.lower().removesuffix({"https": ":443", "http": ":80"}.get(scheme.lower(), ":"))
        text = f"{scheme.lower()}://{host}{slash}{path}"
    elif not text.startswith("/"):
        text = f"/{text}"
    return text.rstrip("/")


def _path(address: str) -> str:
    try:
        return urlsplit(address).path
    except ValueError:  # such as an unclosed bracket
        return address


def _is_local(address: str) -> bool:
    try:
        return (urlsplit(address).hostname or "") in _LOOPBACK
    except ValueError:
        return False
