"""Other spellings of texts that were sent, and what HTTP lets clients ask beside what a document says."""

import json
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

from guardrails.analysis.openapi.media import content_of
from guardrails.analysis.openapi.operations import Operation
from guardrails.gates.contract.replay.witness import PLACEHOLDER
from guardrails.model.frozen import replace
from guardrails.model.ports import Request

_MOST_TEXTS = 3
_LONGEST = 60
_WIDE = 0xFEE0


def texts_in(bodies: Sequence[bytes]) -> list[str]:
    """Return texts that bodies hold as members: those sent most often, and those whose spelling can vary most."""
    found: Counter[str] = Counter()
    for body in bodies:
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            continue
        for one in value.values() if isinstance(value, dict) else ():
            inner = one if isinstance(one, list) else [one]
            found.update(
                text
                for text in inner
                if isinstance(text, str) and 0 < len(text) <= _LONGEST and PLACEHOLDER not in text
            )
    often = [text for text, _ in found.most_common(_MOST_TEXTS)]
    varied = sorted(found, key=_variety, reverse=True)[:_MOST_TEXTS]
    return list(dict.fromkeys(one for pair in zip(often, varied, strict=True) for one in pair))


def _variety(text: str) -> int:
    return len(set(_spellings(text)) - {text})


def spellings(texts: Sequence[str]) -> list[str]:
    """Return other spellings of texts: case, marks, composition, blanks, width, and a part of each."""
    columns = [list(dict.fromkeys(one for one in _spellings(text) if one)) for text in texts]
    turns = max(map(len, columns), default=0)
    return list(
        dict.fromkeys(column[turn] for turn in range(turns) for column in columns if turn < len(column))
    )


def _spellings(text: str) -> Iterator[str]:
    yield text
    yield text.swapcase()
    yield _bare(text)
    yield f"  {text} "
    yield text.upper()
    yield text.casefold()
    yield "".join(chr(ord(one) + _WIDE) if "!" <= one <= "~" else one for one in text)
    yield text.strip()[: max(1, len(text.strip()) // 2)]
    yield text.replace(" ", "  ") if " " in text.strip() else f"{text[:1]} {text[1:]}"
    yield unicodedata.normalize("NFD", text)
    yield unicodedata.normalize("NFC", text)
    yield text.strip()[1:]


def _bare(text: str) -> str:
    """Return a text without the marks on its letters."""
    letters = unicodedata.normalize("NFKD", text)
    return "".join(one for one in letters if not unicodedata.combining(one))


def asides(operation: Operation, request: Request) -> Iterator[Request]:
    """Yield what HTTP lets a client ask of an operation beside what its document says."""
    yield replace(request, method="OPTIONS", body=b"")
    if operation.method != "get":
        return
    path, mark, query = request.path.partition("?")
    yield replace(request, method="HEAD")
    yield replace(request, path=(path[:-1] if path.endswith("/") else f"{path}/") + mark + query)
    media = [name for one in operation.responses().values() for name in content_of(one)]
    for name, value in (
        ("if-none-match", "*"),
        ("if-modified-since", "Fri, 01 Jan 2038 00:00:00 GMT"),
        ("accept-language", "it-IT,it;q=0.9,de;q=0.5"),
        ("range", "bytes=0-1"),
        *(("accept", one) for one in dict.fromkeys([*media, "text/html"])),
    ):
        kept = [pair for pair in request.headers if pair[0] != name]
        yield replace(request, headers=tuple(sorted([*kept, (name, value)])))
