"""Whatever a document names exists: other documents, rules, commands, options and make targets."""

import re
from argparse import ArgumentParser
from functools import cache
from pathlib import Path

import pytest

from guardrails.cli.main import command_names, load
from guardrails.wiring import catalog, format_names
from tests.docs.documents import DOCUMENTS, ROOT, anchors_of, blocks_of, links_of, prose_of, spans_of
from tests.docs.makefile import targets

_RULE = re.compile(r"\bGR\d{3}\b")
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
_MAKE = re.compile(r"^make ([a-z]+)")
_CALL = re.compile(r"^(?:\$ )?(?:\.venv/bin/)?guardrails ([a-z]+)(.*)")

every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


@cache
def _options(command: str) -> frozenset[str]:
    parser = ArgumentParser()
    load(command).configure(parser)
    return _shown_by(parser)


def _shown_by(parser: ArgumentParser) -> frozenset[str]:
    """Return the options of a parser and of the parsers of its actions."""
    own = frozenset(re.findall(r"--[a-z][a-z-]*", parser.format_help()))
    below = [one.choices for one in parser._actions if isinstance(one.choices, dict)]
    return own.union(*(_shown_by(one) for choices in below for one in choices.values()))


@every_document
def test_links_lead_somewhere(document: Path) -> None:
    for target in links_of(document):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        place = (document.parent / path).resolve() if path else document
        assert place.exists(), target
        assert place.is_relative_to(ROOT), target
        assert not anchor or anchor in anchors_of(place), target


@every_document
def test_rules_that_are_named_exist(document: Path) -> None:
    known = {rule.id for rule in catalog().rules()}
    assert set(_RULE.findall(document.read_text("utf-8"))) <= known


@every_document
def test_commands_and_options_that_are_named_exist(document: Path) -> None:
    for text in _code(document):
        call = _CALL.match(text)
        if call:
            assert call[1] in command_names(), text
            assert set(_OPTION.findall(call[2].partition(" | ")[0])) <= _options(call[1]), text
        elif text.startswith("--"):
            known = frozenset().union(*map(_options, command_names()), {"--help", "--version"})
            assert set(_OPTION.findall(text)) <= known, text


@every_document
def test_make_targets_that_are_named_exist(document: Path) -> None:
    assert {found[1] for text in _code(document) if (found := _MAKE.match(text))} <= targets()


def _code(document: Path) -> list[str]:
    return [*spans_of(document), *(line for block in blocks_of(document) for line in block.lines)]


@every_document
def test_document_is_short_and_within_its_width(document: Path) -> None:
    lines = prose_of(document).splitlines()
    assert len(document.read_text("utf-8").splitlines()) <= 190
    assert not [line for line in lines if len(line) > 120 and not line.startswith("|")]


def test_every_page_of_the_guide_is_linked_from_the_readme() -> None:
    linked = set(links_of(ROOT / "README.md"))
    assert {
        f"guardrails/guide/{page.name}" for page in (ROOT / "guardrails" / "guide").glob("*.md")
    } <= linked


def test_gates_page_has_a_section_for_every_gate() -> None:
    page = (ROOT / "guardrails" / "guide" / "gates.md").read_text("utf-8")
    assert re.findall(r"^## (\S+)$", page, re.MULTILINE) == [gate.name for gate in catalog().gates]


def test_formats_that_reports_page_describes_are_those_that_exist() -> None:
    page = (ROOT / "guardrails" / "guide" / "reports.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", page.split("\n## ")[1], re.MULTILINE)) == set(format_names())
