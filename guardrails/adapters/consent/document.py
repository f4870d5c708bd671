"""An approval on paper: the exact bytes that are signed, and the signature below them.

The text is canonical JSON, so that two readers never see two things: whatever differs by one byte
from what we would write ourselves is no approval. A person can read what he signs.
"""

import json
import re
from datetime import date

from guardrails.model.approval import Approval
from guardrails.model.frozen import frozen

VERSION = 1
MAX_BYTES = 64 << 10
MAX_REASON = 2_000
_BEGIN = b"-----BEGIN SSH SIGNATURE-----\n"
_FIELDS = (
    "approver",
    "change",
    "evidence",
    "expires",
    "fingerprint",
    "reason",
    "repository",
    "rule",
    "version",
)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_FINGERPRINT = re.compile(r"[0-9a-f]{20}")
_RULE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{1,63}")

_Fields = dict[str, object]


class Unacceptable(Exception):
    """What was handed in is no approval; the text says why, in a few words."""


@frozen
class Document:
    """What somebody handed in: `claimed` is what it says, and nothing of it is true before it is verified."""

    claimed: Approval
    rule: str
    message: bytes
    signature: bytes


def message_of(approval: Approval, rule: str) -> bytes:
    """Return the bytes that an approver signs."""
    assert approval.expires is not None, "an approval has a last day"
    return _canonical(
        {
            "approver": approval.approver,
            "change": approval.change_digest,
            "evidence": approval.evidence_digest,
            "expires": approval.expires.isoformat(),
            "fingerprint": approval.fingerprint,
            "reason": approval.reason,
            "repository": approval.repository,
            "rule": rule,
            "version": VERSION,
        }
    )


def read(source: str, content: bytes) -> Document:
    """Return the document in `content`; raises Unacceptable for anything that we would not have written."""
    if len(content) > MAX_BYTES:
        raise Unacceptable(f"it holds more than {MAX_BYTES} bytes, so it is no approval")
    message, begin, rest = content.partition(_BEGIN)
    if not begin:
        raise Unacceptable("it is no approval: it has no SSH signature")
    said = _parsed(message)
    if _canonical(said) != message:
        raise Unacceptable("it is no approval: its text is not exactly as `guardrails approve` writes it")
    claimed = Approval(
        approver=_matching(said, "approver", re.compile(r"[!-~]{1,320}")),
        change_digest=_matching(said, "change", _DIGEST),
        fingerprint=_matching(said, "fingerprint", _FINGERPRINT),
        evidence_digest=_matching(said, "evidence", _DIGEST),
        reason=_reason(said),
        expires=_day(said),
        repository=_matching(said, "repository", re.compile(r"[!-~]{1,320}")),
        source=source,
    )
    return Document(claimed, _matching(said, "rule", _RULE), message, begin + rest)


def _canonical(said: _Fields) -> bytes:
    return (json.dumps(said, sort_keys=True, indent=2, ensure_ascii=True) + "\n").encode("ascii")


def _parsed(message: bytes) -> _Fields:
    def once(pairs: list[tuple[str, object]]) -> _Fields:
        if len(dict(pairs)) != len(pairs):
            raise Unacceptable("it is no approval: it says one thing twice")
        return dict(pairs)

    try:
        said = json.loads(message.decode("ascii"), object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise Unacceptable("it is no approval: its text is not JSON") from None
    if not isinstance(said, dict) or sorted(said) != list(_FIELDS):
        raise Unacceptable(f"it is no approval: its keys are not {', '.join(_FIELDS)}")
    if type(said["version"]) is not int or said["version"] != VERSION:
        raise Unacceptable(f"its version is not {VERSION}; this harness knows no other")
    return said


def _matching(said: _Fields, name: str, pattern: re.Pattern[str]) -> str:
    value = said[name]
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise Unacceptable(f"it is no approval: its {name} is malformed")
    return value


def _reason(said: _Fields) -> str:
    value = said["reason"]
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_REASON:
        raise Unacceptable(f"it is no approval: its reason is blank or longer than {MAX_REASON} characters")
    return value


def _day(said: _Fields) -> date:
    value = said["expires"]
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        day = None
    if day is None or day.isoformat() != value:
        raise Unacceptable("it is no approval: its last day is malformed")
    return day
