"""Fills in the parts of a request that only the answers before it tell: ids of what was created, mostly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

MISSING = "missing"


def bound(
    path: str, body: str, uses: Sequence[tuple[str, int, str]], answers: Sequence[bytes]
) -> tuple[str, str]:
    """Return path and body with each placeholder replaced by what its pointer leads to in that answer."""
    for placeholder, step, pointer in uses:
        value = value_at(answers[step] if step < len(answers) else b"", pointer)
        text = value if isinstance(value, str) else json.dumps(value)
        path = path.replace(placeholder, quote(text, safe=""))
        body = body.replace('"%s"' % placeholder, json.dumps(value))
    return path, body


def value_at(body: bytes, pointer: str) -> Any:  # Any: whatever JSON the application answered
    """Return what a JSON pointer leads to in an answer, MISSING when it leads nowhere."""
    try:
        value = json.loads(body)
        for token in pointer.split("/")[1:]:
            value = value[int(token)] if isinstance(value, list) else value[token]
    except (ValueError, LookupError, TypeError, RecursionError):
        return MISSING
    return value
