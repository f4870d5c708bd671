"""`policies/approvers`: who may say yes to a finding, one name a line, `#` starts a comment."""

from guardrails.adapters.policy.document import text_of
from guardrails.adapters.policy.plain import shown
from guardrails.model.errors import PolicyError


def names_in(path: str, content: bytes) -> tuple[str, ...]:
    """Return the names in order; raises PolicyError for a doubled one or one that is not one word.

    Names are compared without case, as their hosts do, so that one human is not two approvers.
    """
    names: dict[str, str] = {}
    for number, line in enumerate(text_of(path, content).split("\n"), 1):
        name = line.partition("#")[0].strip()
        if not name:
            continue
        if len(name.split()) > 1 or not name.isprintable():
            raise PolicyError(path, number, f"{shown(name)} is not one name; write one approver a line")
        if name.casefold() in names:
            raise PolicyError(path, number, f"{shown(name)} is there twice; delete one of the two lines")
        names[name.casefold()] = name
    return tuple(names.values())
