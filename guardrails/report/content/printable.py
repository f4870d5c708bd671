"""Text of the change made safe to show: paths, messages and answers are hostile input.

Whatever a terminal or a reader would obey instead of show (control characters, direction
overrides, invisible letters, bytes that are no UTF-8) is written as a backslash escape.
"""

import re
from collections.abc import Iterator

# Printable to Python, yet invisible (Unicode's Default_Ignorable_Code_Point, plus the blank
# Braille cell): they hide text from a human that a language model still reads.
_INVISIBLE = (  # compiled when it is first used, which plain text never does
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_FIRST_BYTE, _LAST_BYTE = 0xDC80, 0xDCFF
ELLIPSIS = "…"


def one_line(text: str) -> str:
    r"""Return `text` on one line, every character that would not be shown as itself escaped.

    A byte that was no UTF-8 becomes `\xNN`; a backslash stays as it is.
    """
    if text.isprintable() and text.isascii():
        return text
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character.isprintable() and not re.match(_INVISIBLE, character):
        return character
    return _SHORT.get(character) or _escape(ord(character))


def _escape(code: int) -> str:
    if _FIRST_BYTE <= code <= _LAST_BYTE:
        code -= 0xDC00
    if code <= 0xFF:  # noqa: PLR2004 - the widest code that \xNN can hold
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - likewise \uNNNN


def sentence(text: str, most: int) -> str:
    """Return `text` as one safe line of at most `most` characters, line feeds read as spaces."""
    # Cut before escaping as well: escapes only lengthen, and hostile text may be megabytes long.
    return shortened(one_line(text.strip()[: most + 1].replace("\n", " ")), most)


def excerpt(text: str, most_lines: int, most_columns: int) -> list[str]:
    """Return the first lines of `text`, safe and shortened, tabs widened, with a count of those left out."""
    text = text.rstrip()
    first = text.split("\n", most_lines)[:most_lines]
    shown = [shortened(one_line(_widened(line[: most_columns + 2])), most_columns) for line in first]
    left = text.count("\n") + 1 - len(first)
    if left:
        shown.append(f"{ELLIPSIS} {left} more {'line' if left == 1 else 'lines'}")
    return shown


def _widened(line: str) -> str:
    return line.removesuffix("\r").expandtabs(4)


def shortened(text: str, most: int) -> str:
    """Return `text` in at most `most` characters, its end cut off and marked."""
    return text if len(text) <= most else text[: most - 1] + ELLIPSIS


def without_middle(text: str, most: int) -> str:
    """Return `text` as one safe line of at most `most` characters, a third of its room left to its end."""
    end = most // 3
    start = most - end - len(f" {ELLIPSIS} ")
    # Cut before escaping, since hostile text may be megabytes long; again after it, since escapes lengthen.
    whole = one_line(text[: most + 1])
    if len(text) <= most and len(whole) <= most:
        return whole
    return f"{one_line(text[:start])[:start]} {ELLIPSIS} {one_line(text[-end:])[-end:]}"


def columns(text: str) -> int:
    """Return how many terminal columns printable `text` takes."""
    if text.isascii():
        return len(text)
    import unicodedata  # noqa: PLC0415 - its tables cost a hook 0.5 CPU ms, and ASCII needs none

    seen = [one for one in text if not unicodedata.combining(one)]
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in seen)


def wrapped(text: str, width: int) -> Iterator[str]:
    """Yield `text` broken at spaces into lines of at most `width` columns.

    A word that is wider than that stands whole on its own line, so that a path can be copied.
    """
    line, *words = text.split(" ")
    used = columns(line)
    for word in words:
        wide = columns(word)
        if used + 1 + wide > width:
            yield line
            line, used = word, wide
        else:
            line, used = f"{line} {word}", used + 1 + wide
    yield line
