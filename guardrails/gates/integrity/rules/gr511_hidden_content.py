"""GR511: content that a reader of the diff does not see."""

import re
from collections.abc import Iterator
from posixpath import basename

from guardrails.gates.integrity.view import View
from guardrails.model.change import FileChange, Mode
from guardrails.model.evidence import Before
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.rule import Example, Rule, finding_of

# Texts, which `re` compiles when they are first used: most changes need none of them.
_BIDI = "[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]"
_INVISIBLE = "[\u200b\u200c\u2060\u2061-\u2064\u00ad\ufeff\u180e\u115f\u3164]|[\U000e0000-\U000e007f]"
_PADDED = r"\S[ \t]{80,}[^\s#]"
_NAME = r"\b[^\W\d]\w*\b"
_STRINGS = r"(?s)(\"\"\".*?\"\"\"|'''.*?'''|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|#[^\n]*)"
_HIDES = r"\s(-diff|binary|linguist-generated(=true)?|linguist-vendored(=true)?|diff=\S+|filter=\S+)(\s|$)"
_SPACES = " " * 80
_CODE = (".py", ".pyi", ".yaml", ".yml", ".toml", ".cfg", ".ini", ".sh", ".json")

RULE = Rule(
    id="GR511",
    name="hidden-content",
    gate="integrity",
    summary="A change holds something that a reader of its diff does not see.",
    why="Review works only on what can be seen: reordered, invisible or suppressed text is not.",
    remedy="Write the character as an escape, break the line, or drop the attribute.",
    effect=Effect.BLOCK,
    bad=(
        Example(base={}, files={"app.py": "allowed = 'user\u202e# '\n"}),
        Example(base={}, files={"app.py": "s\u0441ore = 1\n"}),
        Example(base={}, files={".gitattributes": "app/*.py -diff\n"}),
    ),
    good=(
        Example(base={}, files={"app.py": "title = 'caf\u00e9 \u0441\u043e\u043d'\n"}),
        Example(base={}, files={".gitattributes": "* text=auto\n"}),
    ),
)


def findings_in(view: View) -> Iterator[Finding]:
    """Yield a finding for each kind of hidden content that head adds to a file."""
    for file in view.change.files:
        if file.new is None:
            continue
        yield from _links(file)
        if basename(file.path) in {".gitattributes", ".gitmodules"}:
            yield from _attributes(view, file)
        elif file.path.endswith(_CODE):
            yield from _text(view, file)


def _links(file: FileChange) -> Iterator[Finding]:
    for mode, what in ((Mode.SYMLINK, "is a symbolic link"), (Mode.SUBMODULE, "is a submodule")):
        if file.new is not None and file.new.mode is mode:
            yield _finding(file.path, 0, Effect.REVIEW, f"{what}: its content is not part of the change", "")


def _attributes(view: View, file: FileChange) -> Iterator[Finding]:
    gained = set(view.after(file.path).splitlines()) - set(view.before(file.path).splitlines())
    hiding = sorted(one for one in gained if re.search(_HIDES, one) and not one.lstrip().startswith("#"))
    if hiding:
        yield _finding(file.path, 0, Effect.BLOCK, "hides files from diffs", hiding[0])
    elif gained and basename(file.path) == ".gitmodules":
        yield _finding(file.path, 0, Effect.REVIEW, "brings code from elsewhere", "\n".join(sorted(gained)))


def _text(view: View, file: FileChange) -> Iterator[Finding]:
    old = set(view.before(file.path).splitlines())
    after = view.after(file.path)
    if file.path.endswith(".py") and "\0" in after:
        yield _finding(file.path, 0, Effect.BLOCK, "holds a NUL character", "")
    for number, line in enumerate(after.splitlines(), 1):
        if line not in old and not line.isascii():
            yield from _characters(file.path, number, line)
        if line not in old and file.path.endswith(".py"):
            if _SPACES in line.replace("\t", " ") and re.search(_PADDED, re.sub(_STRINGS, "_", line)):
                yield _finding(
                    file.path, number, Effect.BLOCK, "pushes code out of sight with spaces", line.strip()[:80]
                )
            elif len(line) > view.settings.line_length:
                yield _finding(
                    file.path, number, Effect.REVIEW, "has a line too long to be read", line.strip()[:80]
                )


def _characters(path: str, number: int, line: str) -> Iterator[Finding]:
    if re.search(_BIDI, line):
        yield _finding(path, number, Effect.BLOCK, "reorders text with bidirectional controls", ascii(line))
    elif re.search(_INVISIBLE, line.removeprefix("\ufeff")):
        in_code = path.endswith(".py") and re.search(
            _INVISIBLE, re.sub(_STRINGS, "_", line.removeprefix("\ufeff"))
        )
        effect = Effect.BLOCK if in_code else Effect.REVIEW
        yield _finding(path, number, effect, "holds invisible characters", ascii(line))
    elif path.endswith(".py"):
        mixed = [name for name in re.findall(_NAME, re.sub(_STRINGS, " ", line)) if _is_mixed(name)]
        if mixed:
            yield _finding(path, number, Effect.BLOCK, "mixes alphabets in one name", ascii(mixed[0]))


def _is_mixed(name: str) -> bool:
    """Whether a name joins Latin letters with look-alikes of Cyrillic, Greek or full width."""
    latin = any(one.isascii() and one.isalpha() for one in name)
    alike = any("\u0370" <= one <= "\u052f" or "\uff21" <= one <= "\uff5a" for one in name)
    return latin and alike


def _finding(path: str, line: int, effect: Effect, what: str, shown: str) -> Finding:
    return finding_of(
        RULE,
        effect,
        Location(path, line),
        f"{path!r} {what}",
        subject=f"{what} {shown}",
        evidence=(Before("", ascii(shown)),) if shown else (),
    )
