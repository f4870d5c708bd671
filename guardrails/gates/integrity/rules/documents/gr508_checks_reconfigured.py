"""GR508: linting, typing, testing or coverage is configured otherwise."""

from collections.abc import Iterator

from guardrails.gates.integrity.documents.configuration import Setting, differences, settings_in
from guardrails.gates.integrity.paths import Role
from guardrails.gates.integrity.view import View
from guardrails.model.change import FileChange
from guardrails.model.evidence import Before
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.rule import Example, Rule, finding_of

_FILE = "pyproject.toml"
_RUFF = "[tool.ruff.lint]\nselect = [{}]\n"

RULE = Rule(
    id="GR508",
    name="checks-reconfigured",
    gate="integrity",
    summary="Configuration of lint, types, tests or coverage differs; a loosening is named.",
    why="A check that is configured away passes; base's configuration judges this change.",
    remedy="Restore the setting, or propose it in a change of its own.",
    effect=Effect.BLOCK,
    bad=(
        Example(base={_FILE: _RUFF.format("'E', 'S'")}, files={_FILE: _RUFF.format("")}),
        Example(
            base={_FILE: "[tool.mypy]\nstrict = true\n"},
            files={_FILE: "[tool.mypy]\nstrict = true\nignore_errors = true\n"},
        ),
        Example(base={"pytest.ini": "[pytest]\n"}, files={"pytest.ini": "[pytest]\naddopts = -k fast\n"}),
    ),
    good=(
        Example(base={_FILE: "[project]\nname = 'a'\n"}, files={_FILE: "[project]\nname = 'b'\n"}),
        Example(
            base={_FILE: "[tool.ruff]\nline-length = 99\n"},
            files={_FILE: "[tool.ruff]\n# wide\nline-length = 99\n"},
        ),
    ),
)


def findings_in(view: View) -> Iterator[Finding]:
    """Yield a block for each check that stops, and a review for every other difference of a file."""
    for file in view.files(Role.CONFIGURATION):
        before = settings_in(file.path, view.before(file.path))
        after = settings_in(file.path, view.after(file.path))
        if before is None or after is None:
            yield _finding(file.path, Effect.REVIEW, "cannot be read as configuration", ())
            continue
        found = differences(file.path, before, after)
        stopped = tuple(one for one in found if one.is_wholesale or _is_dropped(file, one))
        loosened = tuple(one for one in found if one.loosening and one not in stopped)
        rest = tuple(one for one in found if one not in stopped and one not in loosened)
        if stopped:
            yield _finding(file.path, Effect.BLOCK, f"switches a check off: {_named(stopped)}", stopped)
        if loosened:
            yield _finding(file.path, Effect.REVIEW, f"loosens {_named(loosened)}", loosened)
        if rest and not stopped and not loosened:
            yield _finding(file.path, Effect.REVIEW, f"changes {_named(rest)}", rest)


def _is_dropped(file: FileChange, one: Setting) -> bool:
    """Whether the setting vanished because its whole file did."""
    return file.new is None and one.before is not None


def _named(found: tuple[Setting, ...]) -> str:
    return ", ".join(f"{one.pointer} ({one.loosening})" if one.loosening else one.pointer for one in found)


def _finding(path: str, effect: Effect, what: str, found: tuple[Setting, ...]) -> Finding:
    before = "\n".join(f"{one.pointer} = {one.before}" for one in found)
    after = "\n".join(f"{one.pointer} = {one.after}" for one in found)
    return finding_of(
        RULE,
        effect,
        Location(path),
        f"{path!r} {what}",
        subject=f"{path} {what}",
        evidence=(Before(before, after),) if found else (),
    )
