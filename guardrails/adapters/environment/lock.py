"""Reads a hash-locked requirements file into pins, and says what head's adds to base's.

Only `name==version --hash=...` lines are understood. Anything else (an option, a URL, another
file) could make pip fetch what no hash covers, so it is refused.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from guardrails.model.errors import EnvironmentFailure

_PIN = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?P<extras>\[[A-Za-z0-9._, -]*\])?"
    r"\s*==\s*(?P<version>[A-Za-z0-9][A-Za-z0-9.!+_-]*)"
    r"\s*(?:;\s*(?P<marker>(?:(?!--).)+?))?"
    r"(?P<hashes>(?:\s+--hash=(?:sha256|sha384|sha512):[0-9a-f]{64,128})+)\s*"
)


@dataclass(frozen=True, slots=True, order=True)
class Pin:
    """One package of a lock file, its name normalised as PEP 503 says."""

    name: str
    version: str
    extras: str
    marker: str
    hashes: tuple[str, ...]

    def line(self) -> str:
        """Return the pin as pip reads it."""
        marker = f" ; {self.marker}" if self.marker else ""
        return " ".join([f"{self.name}{self.extras}=={self.version}{marker}", *self.hashes])


def normalised(name: str) -> str:
    """Return the package name in the one spelling that PEP 503 gives it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins_in(content: bytes, path: str) -> tuple[Pin, ...]:
    """Return the lock file's pins, sorted; raises EnvironmentFailure for anything that is none."""
    try:
        lines = content.decode().splitlines()
    except UnicodeDecodeError:
        raise EnvironmentFailure(f"{path} is not UTF-8 text; name a requirements file in `lock`") from None
    pins, pending, first = set(), "", 1
    for number, line in enumerate([*lines, ""], start=1):
        text = re.sub(r"(^|\s)#.*", "", line).rstrip()
        if not pending:
            first = number
        if text.endswith("\\"):
            pending += text[:-1] + " "
            continue
        whole, pending = (pending + text).strip(), ""
        if whole:
            pins.add(_pin(whole, f"{path}:{first}"))
    return tuple(sorted(pins))


def _pin(text: str, place: str) -> Pin:
    found = _PIN.fullmatch(text)
    if found is None:
        raise EnvironmentFailure(
            f"{place}: {text[:80]!a} is not `name==version --hash=sha256:...`; lock with hashes, for"
            " instance by `uv export --format requirements-txt` or `pip-compile --generate-hashes`"
        )
    hashes = tuple(sorted(found["hashes"].split()))
    extras = (found["extras"] or "").replace(" ", "")
    return Pin(normalised(found["name"]), found["version"], extras, (found["marker"] or "").strip(), hashes)


def refuse_unlisted(
    base: Iterable[Pin], head: Iterable[Pin], allowed: Iterable[str], policy_file: str
) -> None:
    """Raise EnvironmentFailure when head's lock adds or changes a package that base does not allow.

    An entry of `allowed` is a name, for any version, or `name==version`.
    """
    listed = {
        normalised(name) + sep + version for name, sep, version in (one.partition("==") for one in allowed)
    }
    for pin in sorted(set(head) - set(base)):
        if pin.name not in listed and f"{pin.name}=={pin.version}" not in listed:
            raise EnvironmentFailure(
                f"head's lock adds or changes {pin.name}=={pin.version}, which base does not allow, so it is"
                f" not installed; a reviewer lists it in {policy_file} on the target branch first"
            )
