"""Reads `policies/rules/`: one rule a file, YAML for what data can say, Python for the rest."""

import re
from collections.abc import Mapping

from guardrails.adapters.policy.decode import DecodeError, decode
from guardrails.adapters.policy.files import FOLDER
from guardrails.adapters.policy.folder import Folder, placing
from guardrails.adapters.policy.plain import Plain, shown
from guardrails.model.errors import PolicyError
from guardrails.model.team import DeclaredRule, TeamRules

RULES = "rules/"
_DATA = (".yaml", ".yml")
_PROGRAM = ".py"
_ID = r"(?!GR\d)[A-Z][A-Z0-9]{0,15}\d"
_NAME = r"[a-z][a-z0-9-]*"
_DOTTED = r"[^\W\d]\w*(?:\(\))?(?:\.[^\W\d]\w*(?:\(\))?)*\.?"


def rule_files(folder: Folder) -> tuple[str, ...]:
    """Return the names of the rule files in the folder."""
    return tuple(
        name
        for name in sorted(folder.entries)
        if name.startswith(RULES) and name.endswith((*_DATA, _PROGRAM)) and not name.endswith("/__init__.py")
    )


def data_files(folder: Folder) -> tuple[str, ...]:
    """Return the names of those that are data."""
    return tuple(name for name in rule_files(folder) if name.endswith(_DATA))


def team_rules(folder: Folder, data: Mapping[str, Plain]) -> TeamRules:
    """Return the rules of the folder, given its parsed files; raises PolicyError for one that is not right."""
    declared: dict[str, DeclaredRule] = {}
    for name in data_files(folder):
        with placing(folder, name):
            one = _checked(decode(data.get(name), DeclaredRule))
        if one.id in declared:
            raise PolicyError(
                FOLDER + "/" + name, None, f"another file has a rule {one.id}; give this one an id of its own"
            )
        declared[one.id] = one
    programs = {
        f"{FOLDER}/{name}": folder.content(name) for name in rule_files(folder) if name.endswith(_PROGRAM)
    }
    return TeamRules(tuple(declared.values()), programs)


def _checked(one: DeclaredRule) -> DeclaredRule:
    if not re.fullmatch(_ID, one.id):
        raise DecodeError(("id",), f"id {shown(one.id)} is no rule id of a team's; write one such as SHOP001")
    if not re.fullmatch(_NAME, one.name):
        raise DecodeError(("name",), f"name {shown(one.name)} is no name; write small letters and dashes")
    if not (one.summary.strip() and one.remedy.strip()):
        raise DecodeError(("remedy",), "summary or remedy is blank; say what is wrong and what to do instead")
    if not (one.calls or one.imports):
        raise DecodeError(("id",), "the rule forbids nothing; name `calls` or `imports`")
    for key, names in (("calls", one.calls), ("imports", one.imports)):
        for number, name in enumerate(names):
            if not re.fullmatch(_DOTTED, name):
                raise DecodeError(
                    (key, number), f"{shown(name)} is no dotted name; write one such as legacy.db.query"
                )
    return one
