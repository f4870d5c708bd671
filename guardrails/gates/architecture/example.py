"""Writes a rule's examples the way code reads, indented with the rule file."""

from collections.abc import Mapping

from guardrails.model.rule import Example

_POLICY = "policies/architecture.yaml"


def example(
    code: str, *, path: str = "app.py", policy: str = "", more: Mapping[str, str] | None = None
) -> Example:
    """Return an example of `code` at `path`; `policy` is what architecture.yaml says, `more` other files."""
    files = {path: code, **(more or {}), **({_POLICY: policy} if policy else {})}
    return Example({name: _dedented(text) for name, text in files.items()})


def _dedented(text: str) -> str:
    """Return `text` without common indentation and empty first lines; textwrap costs a hook 1 CPU ms."""
    lines = text.lstrip("\n").split("\n")
    margin = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
    return "\n".join(line[margin:] if line.strip() else "" for line in lines)
