"""`guardrails explain ID`: all there is to say about a rule, offline."""

import re
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from guardrails.cli.command import Command, Exit
from guardrails.model.rule import Example, Rule
from guardrails.wiring import catalog

_WORD = re.compile(r"[A-Za-z_]\w+")
_OURS = re.compile(r"(?i)gr\d")


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("rule", help="a rule's id or name, such as GR102")


def _run(parsed: Namespace) -> int:
    print(page_of(_of_the_team(parsed.rule) or catalog().rule(parsed.rule)), end="")
    return Exit.PASS


def _of_the_team(name: str) -> Rule | None:
    """Return the rule of that id or name that the work tree's `policies/rules/` says in data, if any."""
    if _OURS.match(name):
        return None
    from guardrails.tasks.rules.declared import declared_in  # noqa: PLC0415 - our own rules need no repository

    return next((one for one in declared_in(Path()) if name.lower() in {one.id.lower(), one.name}), None)


def page_of(rule: Rule) -> str:
    """Return the rule's page in Markdown."""
    effect = f"`{rule.effect.value}`"
    if rule.commit_effect is not None:
        effect += f" (`{rule.commit_effect.value}` at the commit stage)"
    final = " It is final: no policy, waiver, approval or dispute softens it." if rule.final else ""
    parts = [
        f"# {rule.id} {rule.name}\n\n{rule.summary.rstrip('.')}.\n",
        f"Gate `{rule.gate}`, effect {effect}.{final}\n",
        f"## Why\n\n{rule.why}\n",
        f"## Instead\n\n{rule.remedy}\n",
    ]
    if rule.bad:
        parts.append(_example("Found", rule.bad[0]))
    if rule.good:
        parts.append(_example("Clean", _nearest_to(rule.bad[:1], rule.good)))
    return "\n".join(parts)


def _nearest_to(shown: Sequence[Example], clean: Sequence[Example]) -> Example:
    """Return the clean example that shares most words with the one shown as found, so that what is read is
    the fault mended, not another library's use; the first of several."""
    words = {word for example in shown for text in example.files.values() for word in _WORD.findall(text)}

    def likeness(example: Example) -> float:
        own = {word for text in example.files.values() for word in _WORD.findall(text)}
        return len(own & words) / max(1, len(own | words))

    return max(clean, key=likeness)


def _example(title: str, example: Example) -> str:
    blocks = []
    for label, files in (("before", example.base), ("after" if example.base else "", example.files)):
        for path, text in (files or {}).items():
            name = f"{label}, {path}" if label else path
            language = "python" if path.endswith(".py") else ""
            blocks.append(f"{name}:\n\n```{language}\n{text.rstrip()}\n```\n")
    return f"## {title}\n\n" + "\n".join(blocks)


COMMAND = Command("explain", "explain a rule: why it exists and what to do instead", _configure, _run)
