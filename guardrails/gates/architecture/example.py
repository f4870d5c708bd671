"""Writes a rule's examples the way code reads, indented with the rule file."""

from collections.abc import Iterator, Mapping

from guardrails.model.rule import Example

_POLICY = "policies/architecture.yaml"


def example(
    code: str, *, path: str = "app.py", policy: str = "", more: Mapping[str, str] | None = None
) -> Example:
    """Return an example of `code` at `path`; `policy` is what architecture.yaml says, `more` other files."""
    return Example(_Dedented({path: code, **(more or {}), **({_POLICY: policy} if policy else {})}))


class _Dedented(Mapping[str, str]):
    """Texts that lose their common indentation when they are read: a hook reads none of four hundred."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def __getitem__(self, path: str) -> str:
        return _dedented(self._texts[path])

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


def _dedented(text: str) -> str:
    """Return `text` without common indentation and empty first lines; textwrap costs a hook 1 CPU ms."""
    lines = text.lstrip("\n").split("\n")
    margin = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
    return "\n".join(line[margin:] if line.strip() else "" for line in lines)
