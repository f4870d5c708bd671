"""One policy file: bytes to plain data, and the line of every key and value.

Policy decides what may merge, so a file must say what its reader sees: hidden characters, byte
order marks and tabs are refused with their line before YAML is parsed at all.
"""

import re

from guardrails.adapters.policy.plain import Mark, Plain, Pointer
from guardrails.adapters.policy.scalar import hidden_character
from guardrails.model.errors import PolicyError
from guardrails.model.frozen import frozen

MAX_BYTES = 1 << 20

_INDENTING_TAB = re.compile(r"^ *\t", re.MULTILINE)
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


@frozen
class Document:
    """The plain data of one policy file, and where everything in it stands."""

    path: str
    data: Plain
    mark: Mark

    def line_of(self, pointer: Pointer, *, at_key: bool = False) -> int:
        """Return the line of the value at `pointer` (`at_key`: of its key), else of the nearest parent."""
        mark = self.mark
        for number, step in enumerate(pointer, 1):
            if at_key and number == len(pointer) and isinstance(step, str) and step in mark.keys:
                return mark.keys[step]
            if step not in mark.inner:
                break
            mark = mark.inner[step]
        return mark.line


def parse(path: str, content: bytes) -> Document:
    """Return the one YAML (or JSON) document in `content`; raises PolicyError with the line."""
    text = text_of(path, content)
    # PyYAML costs 20 ms of CPU; only a file that is not cached may pay for it.
    from guardrails.adapters.policy.composer import compose  # noqa: PLC0415

    data, mark = compose(path, text)
    return Document(path, data, mark)


def text_of(path: str, content: bytes) -> str:
    """Return `content` as text; raises PolicyError for what an editor would not show truthfully."""
    if len(content) > MAX_BYTES:
        raise PolicyError(path, None, f"the file is larger than {MAX_BYTES} bytes; shorten it")
    if content.startswith(_MARKS):
        raise PolicyError(path, 1, "the file starts with a byte order mark; save it as UTF-8 without one")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PolicyError(path, line, "this line is not UTF-8; save the file as UTF-8") from None
    text = text.replace("\r\n", "\n")
    if hidden := hidden_character(text):
        line = text.count("\n", 0, hidden[0]) + 1
        raise PolicyError(path, line, f"this line holds the hidden character {hidden[1]}; delete it")
    if tab := _INDENTING_TAB.search(text):
        line = text.count("\n", 0, tab.start()) + 1
        raise PolicyError(path, line, "a tab indents this line; indent with spaces")
    return text
