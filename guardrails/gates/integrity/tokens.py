"""Secrets by their shape, and their redaction; nothing here ever returns a whole secret."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from guardrails.model.frozen import frozen

_KNOWN = {
    "AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})",
    "GitLab token": r"\bglpat-[A-Za-z0-9_-]{20,}",
    "Slack token": r"\bxox[abeoprs]-[A-Za-z0-9-]{20,}",
    "Google API key": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "Stripe key": r"\b[rs]k_live_[0-9A-Za-z]{20,}",
    "OpenAI or Anthropic key": r"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}",
    "npm token": r"\bnpm_[A-Za-z0-9]{36}\b",
    "PyPI token": r"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}",
    "SendGrid key": r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\b",
    "Azure storage key": r"AccountKey=[A-Za-z0-9+/]{80,}={0,2}",
    "Hugging Face token": r"\bhf_[A-Za-z0-9]{34,}\b",
}
_KNOWN_PATTERNS = {name: re.compile(pattern) for name, pattern in _KNOWN.items()}
_PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s*\n?[A-Za-z0-9+/=\s\\n\"']{40}")
_ASSIGNED = re.compile(
    r"(?i)(?:password|passwd|secret|token|api_?key|access_?key|private_?key|credentials?)[\w-]*[\"']?"
    r"\s*[:=]\s*[\"']([A-Za-z0-9+/_=.~-]{20,200})[\"']"
)
_PLACEHOLDER = re.compile(
    r"(?i)example|placeholder|dummy|changeme|xxxx|your[_-]|fake|test|sample|redacted|0{8}|1234567"
)
_BITS = 3.7  # per character; English identifiers stay below, base64 of random bytes is above 4
_VISIBLE = 4


@frozen
class Secret:
    """A secret by its kind, with only its first characters; `is_known` when its format is certain."""

    kind: str
    line: int
    redacted: str
    is_known: bool


@lru_cache(maxsize=512)
def secrets_in(text: str) -> tuple[Secret, ...]:
    """Return the secrets of a text, those of certain format first."""
    return tuple(_secrets(text))


def _secrets(text: str) -> Iterator[Secret]:
    for name, pattern in _KNOWN_PATTERNS.items():
        for match in pattern.finditer(text):
            if not _PLACEHOLDER.search(match.group()) and entropy(match.group()) > _BITS - 1:
                yield Secret(name, _line(text, match.start()), _redacted(match.group()), is_known=True)
    for match in _PRIVATE_KEY.finditer(text):
        yield Secret("private key", _line(text, match.start()), "-----BEGIN ...", is_known=True)
    for match in _ASSIGNED.finditer(text):
        value = match.group(1)
        if _is_random(value) and not any(one.search(value) for one in _KNOWN_PATTERNS.values()):
            yield Secret("high-entropy value", _line(text, match.start()), _redacted(value), is_known=False)


def _is_random(value: str) -> bool:
    mixed = any(one.isdigit() for one in value) and any(one.isalpha() for one in value)
    return mixed and not _PLACEHOLDER.search(value) and entropy(value) >= _BITS


def entropy(text: str) -> float:
    """Return the Shannon entropy of the characters of a non-empty text, in bits per character."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def _redacted(value: str) -> str:
    return f"{value[:_VISIBLE]}... ({len(value)} characters)"


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
