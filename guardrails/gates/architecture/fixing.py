"""What a rewrite for a rule's findings is: found in `fixes/`, one file each, loaded when there is something to fix."""

import importlib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from guardrails.gates.architecture import fixes
from guardrails.model.frozen import frozen

if TYPE_CHECKING:
    from guardrails.gates.architecture.fixes.text import Edit, Text

    Edits = Callable[[Text, frozenset[int]], Iterator[Edit]]

_FIX_FILE = re.compile(r"gr1\d\d_\w+\.py\Z")


@frozen
class Fix:
    """A rewrite for the findings of one rule at given lines.

    `edits` yields what to put in place of what, given the file and the lines of the findings. A `safe` one
    changes nothing that the code does; another is shown and applied only when asked. `says` tells what
    it does, in a few words.
    """

    rule: str
    safe: bool
    says: str
    edits: "Edits"


def fixes_by_rule() -> Mapping[str, Fix]:
    """Return every fix of the folder by the id of its rule."""
    folder = Path(fixes.__file__).parent
    names = sorted(one.name for one in folder.iterdir() if _FIX_FILE.match(one.name))
    found = [importlib.import_module(f"{fixes.__name__}.{name.removesuffix('.py')}").FIX for name in names]
    return {one.rule: one for one in found}
