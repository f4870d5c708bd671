"""What a format is, and what it may know besides the verdict.

Whoever calls (the command line, an agent hook, a test) fills in the Presentation; a format
asks neither the terminal nor the environment, so the same two values give the same text.
"""

from collections.abc import Callable

from guardrails.model.frozen import frozen
from guardrails.model.rule import Rule
from guardrails.model.verdict import Verdict


def _unknown(rule_id: str) -> Rule | None:
    del rule_id
    return None


@frozen
class Presentation:
    """How to show a verdict, for whom.

    `width` is in terminal columns. `explain` finds a rule by id. `next_command` is the last
    line of the report; where it is empty the report derives one. `link_base` is put before a
    percent-encoded path of the repository to make a link, and should end in a slash.
    """

    width: int = 100
    colour: bool = False
    explain: Callable[[str], Rule | None] = _unknown
    next_command: str = ""
    link_base: str = ""


@frozen
class Format:
    """One way to write a verdict. A file of this folder exports it as `FORMAT`.

    `render` returns text that always encodes as UTF-8; `extension` has no dot.
    """

    name: str
    extension: str
    render: Callable[[Verdict, Presentation], str]
