"""The services of a policy: what a service's words must look like, and what short ones stand for."""

import math
from collections.abc import Iterator

from guardrails.adapters.policy.decode import DecodeError
from guardrails.adapters.policy.plain import Pointer, shown
from guardrails.model.frozen import replace
from guardrails.model.policy import Service

_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-_")
_MAX_NAME = 64
_MAX_START_SECONDS = 600.0


def checked(services: tuple[Service, ...]) -> tuple[Service, ...]:
    """Return the services with their default paths; raises DecodeError (pointer under `services`)."""
    names: set[str] = set()
    for number, service in enumerate(services):
        at: Pointer = ("services", number)
        if not _is_name(service.name):
            message = (
                f"the name {shown(service.name)} is not usable in paths; write small letters, digits and -"
            )
            raise DecodeError((*at, "name"), message)
        if service.name in names:
            raise DecodeError((*at, "name"), f"two services are called {service.name}; rename one")
        names.add(service.name)
        _check_start(service, at)
        for pointer, path in _paths(service):
            _check_path(path, (*at, *pointer))
    rooted = (one if one.root else replace(one, root=_own_root(one)) for one in services)
    return tuple(one if one.paths else replace(one, paths=_own_paths(one)) for one in rooted)


def _check_start(service: Service, at: Pointer) -> None:
    """Refuse what could not be started, or not be waited for."""
    if bool(service.app) == bool(service.command):
        both = "both app and command; delete one" if service.app else "neither app nor command; add one"
        raise DecodeError(at, f"the service {service.name} has {both}")
    if service.app and not _is_app(service.app):
        message = f"app is {shown(service.app)}; write module:attribute, such as shop.app:app"
        raise DecodeError((*at, "app"), message)
    if service.command and not any(
        "{socket}" in word for word in (*service.command, *service.variables.values())
    ):
        message = "command says nowhere which socket to listen on; put {socket} where its path belongs"
        raise DecodeError((*at, "command"), message)
    if service.factory and not service.app:
        raise DecodeError((*at, "factory"), "factory needs app; add app, or delete factory")
    if service.ready and not service.ready.startswith("/"):
        raise DecodeError((*at, "ready"), f"ready is {shown(service.ready)}; write a path that starts with /")
    if not (math.isfinite(service.start_seconds) and 0 < service.start_seconds <= _MAX_START_SECONDS):
        message = f"start_seconds is not above 0 and at most {_MAX_START_SECONDS:.0f}; choose one that is"
        raise DecodeError((*at, "start_seconds"), message)
    for name in service.variables:
        if not (name.isascii() and name.isidentifier()):
            message = f"{shown(name)} is not a variable's name; write letters, digits and _"
            raise DecodeError((*at, "variables", name), message, at_key=True)
    if service.environment.python and service.environment.lock:
        raise DecodeError((*at, "environment"), "environment has both python and lock; delete one")


def _is_name(text: str) -> bool:
    """Whether `text` can name a folder or a socket on any system."""
    return (
        0 < len(text) <= _MAX_NAME
        and set(text) <= _NAME_CHARACTERS
        and text[0].isalnum()
        and text[-1].isalnum()
    )


def _is_app(text: str) -> bool:
    module, colon, attribute = text.partition(":")
    return bool(colon) and all(name.isidentifier() for name in (*module.split("."), *attribute.split(".")))


def _paths(service: Service) -> Iterator[tuple[Pointer, str]]:
    """Yield every path that the service names and that lies in the repository."""
    yield from ((("paths", number), path) for number, path in enumerate(service.paths))
    yield from ((("tests", number), path) for number, path in enumerate(service.tests))
    single = {"root": service.root, "contract": service.contract, "lock": service.lock}
    yield from (((name,), path) for name, path in single.items() if path)
    if service.environment.lock:
        yield ("environment", "lock"), service.environment.lock


def _check_path(path: str, at: Pointer) -> None:
    steps = path.rstrip("/").split("/")
    if path != "." and ("\\" in path or any(step in {"", ".", ".."} for step in steps)):
        message = f"{shown(path) or 'an empty text'} is not a path inside the repository"
        raise DecodeError(at, f"{message}; write it from the top folder, such as shop/api")


def _own_root(service: Service) -> str:
    """Return the folder above the app's top package, as far as `paths` show it; else the top folder."""
    package = service.app.partition(":")[0].partition(".")[0]
    for path in service.paths:
        steps = path.rstrip("/").split("/")
        if steps[-1] == "src" != package:
            return path.rstrip("/")
        if package in steps:
            return "/".join(steps[: len(steps) - 1 - steps[::-1].index(package)]) or "."
    return "."


def _own_paths(service: Service) -> tuple[str, ...]:
    """Return the app's top package, as a folder or one file; all under root for a bare command."""
    root = "" if service.root == "." else f"{service.root.rstrip('/')}/"
    if not service.app:
        return (root.rstrip("/") or ".",)
    package = service.app.partition(":")[0].partition(".")[0]
    return (f"{root}{package}", f"{root}{package}.py")
