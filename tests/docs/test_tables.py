"""Tables of the documents against the code that they describe: keys, defaults, words, codes."""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date
from enum import Enum
from importlib import import_module
from pathlib import Path

import pytest

from guardrails.cli.command import Exit
from guardrails.model.finding import Effect, Status
from guardrails.model.policy import BoxLevel
from guardrails.model.verdict import Outcome
from guardrails.wiring import catalog
from tests.docs.documents import DOCUMENTS, ROOT, Table, tables_of

TABLES = [table for document in DOCUMENTS for table in tables_of(document)]
_LONGEST_DEFAULT = 40


@pytest.mark.parametrize("table", TABLES, ids=[table.place for table in TABLES])
def test_table_is_what_the_code_says(table: Table) -> None:
    module, _, name = table.name.rpartition(".")
    if module:
        expected = _settings_rows(getattr(import_module(module), name))
        assert [row[:2] for row in table.rows] == expected
    else:
        assert [row[0].strip("`") for row in table.rows] == _FIRST_CELLS[table.name]()


def _settings_rows(kind: type) -> list[tuple[str, str]]:
    assert is_dataclass(kind)
    return [(f"`{field.name}`", f"{_default(field)}") for field in fields(kind)]


def _default(field: "Field[object]") -> str:
    if field.default is not MISSING:
        return _written(field.default)
    return _written(field.default_factory()) if field.default_factory is not MISSING else "required"


def _written(value: object) -> str:
    """Return a default as it would be written in the file, or how many entries it has where it is long."""
    if is_dataclass(value):
        return "none"
    plain = value.value if isinstance(value, Enum) else value
    text = json.dumps(plain, default=_plain)
    if isinstance(value, tuple) and len(text) > _LONGEST_DEFAULT:
        return f"{len(value)} entries"
    return f"`{text}`"


def _plain(value: object) -> str:
    assert isinstance(value, date)
    return value.isoformat()


def _json_keys() -> list[str]:
    schema = json.loads((ROOT / "guardrails" / "report" / "schema" / "verdict-1.json").read_text("utf-8"))
    return list(schema["required"])


def _settings_files() -> list[str]:
    own = ["guardrails.yaml", "dependencies.yaml", "waivers.yaml", "baseline.json", "approvers"]
    return own + sorted(gate.settings_file for gate in catalog().gates if gate.settings_file)


_FIRST_CELLS: Mapping[str, Callable[[], list[str]]] = {
    "exit codes": lambda: [str(code.value) for code in Exit],
    "outcomes": lambda: [one.value for one in Outcome],
    "effects": lambda: [one.value for one in Effect],
    "statuses": lambda: [one.value for one in Status],
    "boxes": lambda: [one.value for one in BoxLevel],
    "json keys": _json_keys,
    "policy files": _settings_files,
}


def test_every_settings_class_has_its_table() -> None:
    shown = {table.name for table in TABLES}
    assert {f"{gate.settings.__module__}.{gate.settings.__qualname__}" for gate in catalog().gates} <= shown


def test_committed_policy_uses_only_keys_that_the_page_lists() -> None:
    page = Path(ROOT / "guardrails" / "guide" / "policy.md").read_text("utf-8")
    top = [line.split(":")[0] for line in (ROOT / "policies" / "guardrails.yaml").read_text().splitlines()]
    assert all(f"`{key}`" in page for key in top if key.isidentifier())
