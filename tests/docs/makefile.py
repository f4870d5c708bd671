"""What the Makefile offers: its targets, and the commands of each with its variables filled in."""

import re

from tests.docs.documents import ROOT


def targets() -> set[str]:
    """Return the targets that are declared as commands."""
    return set(re.findall(r"^\.PHONY: (.+)$", _text(), re.MULTILINE)[0].split())


def recipe(target: str) -> list[str]:
    """Return the commands of a target that do the work, as a user would type them."""
    variables = dict(re.findall(r"^(\w+) [?:]= (.+)$", _text(), re.MULTILINE))
    rule = re.search(
        rf"^(?:{re.escape(target)}|{_stamp(target)}):[^\n]*\n((?:\t[^\n]*\n)+)", _text(), re.MULTILINE
    )
    assert rule, f"the Makefile has no recipe for {target}"
    lines = [line.strip().removeprefix("@") for line in rule[1].splitlines()]
    work = [line for line in lines if " || {" not in line and not line.startswith("touch ")]
    return [_filled(line, variables) for line in work]


def _stamp(target: str) -> str:
    return re.escape("$(STAMP)") if target == "setup" else re.escape(target)


def _filled(line: str, variables: dict[str, str]) -> str:
    while "$(" in line:
        line = re.sub(r"\$\((\w+)\)", lambda found: variables[found[1]], line)
    return line


def _text() -> str:
    return (ROOT / "Makefile").read_text("utf-8")
