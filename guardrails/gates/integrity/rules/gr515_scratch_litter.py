"""GR515: a scratch file was left at the top of the repository."""

import re
from collections.abc import Iterator

from guardrails.gates.integrity.paths import Role, matches
from guardrails.gates.integrity.view import View
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.rule import Example, Rule, finding_of

_LITTER = re.compile(
    r"\.(py|pyc|log|tmp|bak|orig|rej|patch|diff|swp|out|ipynb)$|^(nohup|output|result|\.DS_Store|core$)"
)
_USUAL = frozenset(
    {"setup.py", "conftest.py", "noxfile.py", "manage.py", "wsgi.py", "asgi.py", "tasks.py", "versioneer.py"}
)

RULE = Rule(
    id="GR515",
    name="scratch-litter",
    gate="integrity",
    summary="A new file at the top of the repository looks like a scratch file.",
    why="Reproduction scripts and logs are left behind, imported by accident and never removed.",
    remedy="Delete the file, or move it to where such files belong.",
    effect=Effect.REVIEW,
    bad=(
        Example(base={"app/a.py": ""}, files={"app/a.py": "", "reproduce_bug.py": "print(1)\n"}),
        Example(base={}, files={"debug.log": "x\n"}),
    ),
    good=(
        Example(base={}, files={"app/rank.py": "x = 1\n"}),
        Example(base={}, files={"setup.py": "x = 1\n", "LICENSE": "free\n"}),
    ),
)


def findings_in(view: View) -> Iterator[Finding]:
    """Yield a finding for each scratch file that head adds at the top."""
    allowed = (*view.settings.allowed_root_files, *_USUAL)
    is_flat = any(
        "/" not in path and path.endswith(".py") and path not in _USUAL for path in view.base.entries()
    )
    for file in view.change.files:
        is_new = file.old is None and "/" not in file.path and not matches(file.path, allowed)
        is_script = file.path.endswith(".py")
        if (
            is_new
            and _LITTER.search(file.path)
            and not (is_script and (is_flat or view.roles[file.path] is Role.TEST))
        ):
            yield finding_of(
                RULE,
                Effect.REVIEW,
                Location(file.path),
                f"{file.path!r} was added at the top of the repository",
                subject=file.path,
            )
