"""Writes a rule's examples the way code reads, indented with the rule file."""

from collections.abc import Mapping
from textwrap import dedent

from guardrails.model.rule import Example

_POLICY = "policies/architecture.yaml"


def example(
    code: str, *, path: str = "app.py", policy: str = "", more: Mapping[str, str] | None = None
) -> Example:
    """Return an example of `code` at `path`; `policy` is what architecture.yaml says, `more` other files."""
    files = {path: code, **(more or {}), **({_POLICY: policy} if policy else {})}
    return Example({name: dedent(text).lstrip("\n") for name, text in files.items()})
