"""GR514: what will be installed, or from where, is not what base says."""

from collections.abc import Iterable, Iterator

from guardrails.gates.integrity.documents.requirements import (
    Pin,
    Requirements,
    normalised,
    requirements_in,
    states_requirements,
)
from guardrails.gates.integrity.view import View
from guardrails.model.evidence import Before
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.rule import Example, Rule, finding_of

_FILE = "requirements.txt"
_PIN = "fastapi==0.1 --hash=sha256:aa\n"

RULE = Rule(
    id="GR514",
    name="dependency-changed",
    gate="integrity",
    summary="A dependency, its version, its hash or its source differs.",
    why="A package runs with the service's rights; an invented or near-miss name may be an attacker's.",
    remedy="Use a package that `policies/dependencies.yaml` allows, by hash, from the index.",
    effect=Effect.BLOCK,
    bad=(
        Example(base={_FILE: _PIN}, files={_FILE: _PIN + "--extra-index-url https://pkgs.example.org\n"}),
        Example(base={_FILE: _PIN}, files={_FILE: _PIN.replace("sha256:aa", "sha256:bb")}),
        Example(base={_FILE: _PIN}, files={_FILE: _PIN.replace("0.1", "0.2").replace("aa", "cc")}),
    ),
    good=(
        Example(base={_FILE: _PIN}, files={_FILE: "# web\n" + _PIN}),
        Example(
            base={"pyproject.toml": "[project]\nname = 'a'\ndependencies = ['fastapi']\n"},
            files={"pyproject.toml": "[project]\nname = 'b'\ndependencies = ['fastapi']\n"},
        ),
    ),
)


def findings_in(view: View) -> Iterator[Finding]:
    """Yield a finding for each new or altered requirement and each new source."""
    for file in view.change.files:
        if not states_requirements(file.path) or file.new is None:
            continue
        old = requirements_in(file.path, view.before(file.path)) or Requirements()
        new = requirements_in(file.path, view.after(file.path))
        if new is None:
            yield _finding(file.path, Effect.REVIEW, "cannot be read", "", "", "")
            continue
        for source in sorted(new.sources - old.sources):
            yield _finding(file.path, Effect.BLOCK, f"installs from {source!r}", source, "", source)
        allowed = frozenset(normalised(one) for one in view.allowed_packages)
        for name in sorted(new.pins):
            yield from _pin(file.path, old, new.pins[name], allowed)


def _pin(path: str, old: Requirements, new: Pin, allowed: frozenset[str]) -> Iterator[Finding]:
    base = old.pins.get(new.name)
    if base is None:
        effect, what = _newcomer(new, old, allowed)
        yield _finding(path, effect, what, new.name, "", f"{new.name} {new.version}")
        return
    if base.hashes and not new.hashes:
        yield _finding(
            path, Effect.BLOCK, f"no longer pins {new.name} by hash", new.name, base.version, new.version
        )
    elif base.version == new.version and base.hashes and new.hashes - base.hashes:
        what = f"accepts another file for the same version of {new.name}"
        yield _finding(path, Effect.BLOCK, what, new.name, _listed(base.hashes), _listed(new.hashes))
    elif base.version != new.version:
        yield _finding(
            path, Effect.REVIEW, f"asks for another {new.name}", new.name, base.version, new.version
        )


def _newcomer(new: Pin, old: Requirements, allowed: frozenset[str]) -> tuple[Effect, str]:
    near = next((one for one in sorted({*allowed, *old.pins}) if _is_near(one, new.name)), "")
    if allowed and new.name not in allowed:
        return Effect.BLOCK, f"adds {new.name!r}, which policy does not allow" + (
            f"; {near!r} is near" if near else ""
        )
    if near and new.name not in allowed:
        return Effect.BLOCK, f"adds {new.name!r}, whose name is one letter from {near!r}"
    if any(one.hashes for one in old.pins.values()) and not new.hashes:
        return Effect.BLOCK, f"adds {new.name!r} without a hash to a file of hashes"
    return (Effect.REVIEW if not allowed else Effect.NOTE), f"adds {new.name!r}"


def _is_near(one: str, other: str) -> bool:
    """Whether two different names of at least four letters are one edit or one swap apart."""
    if one == other or min(len(one), len(other)) < 4 or abs(len(one) - len(other)) > 1:  # noqa: PLR2004
        return False
    start = next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    rest, others = one[start:], other[start:]
    swapped = rest[:2] == others[:2][::-1] and rest[2:] == others[2:]
    return swapped or rest[1:] == others[1:] or rest[1:] == others or rest == others[1:]


def _listed(hashes: Iterable[str]) -> str:
    return " ".join(sorted(hashes))


def _finding(path: str, effect: Effect, what: str, subject: str, before: str, after: str) -> Finding:
    evidence = (Before(before, after),) if before or after else ()
    return finding_of(
        RULE, effect, Location(path), f"{path!r} {what}", subject=f"{subject} {what}", evidence=evidence
    )
