"""Secrets by their shape, and their redaction; nothing here ever returns a whole secret."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from guardrails.model.frozen import frozen

# Patterns by the texts of which each of their matches holds one. They stay texts, which `re` compiles when they
# are first used: a hook meets few of these, and compiling them all costs it 3 ms.
_KNOWN = (
    ("AWS access key", ("AKIA", "ASIA"), r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    (
        "GitHub token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})",
    ),
    ("GitLab token", ("glpat-",), r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("Slack token", ("xox",), r"\bxox[abeoprs]-[A-Za-z0-9-]{20,}"),
    ("Google API key", ("AIza",), r"\bAIza[0-9A-Za-z_-]{35}\b"),
    ("Stripe key", ("k_live_",), r"\b[rs]k_live_[0-9A-Za-z]{20,}"),
    ("OpenAI or Anthropic key", ("sk-",), r"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}"),
    ("npm token", ("npm_",), r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("PyPI token", ("pypi-AgEIcHlwaS5vcmc",), r"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}"),
    ("SendGrid key", ("SG.",), r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\b"),
    ("Azure storage key", ("AccountKey=",), r"AccountKey=[A-Za-z0-9+/]{80,}={0,2}"),
    ("Hugging Face token", ("hf_",), r"\bhf_[A-Za-z0-9]{34,}\b"),
)
_PRIVATE_KEY = r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s*\n?[A-Za-z0-9+/=\s\\n\"']{40}"
_NAMES = ("password", "passwd", "secret", "token", "key", "credential")
_ASSIGNED = (
    r"(?i)(?:password|passwd|secret|token|api_?key|access_?key|private_?key|credentials?)[\w-]*[\"']?"
    r"\s*[:=]\s*[\"']([A-Za-z0-9+/_=.~-]{20,200})[\"']"
)
_VALUE = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_=.~-"
)  # as in the line above
_SHORTEST, _LONGEST = 20, 200
_PLACEHOLDER = r"(?i)example|placeholder|dummy|changeme|xxxx|your[_-]|fake|test|sample|redacted|0{8}|1234567"
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
    for name, pattern in _known_patterns(text):
        for match in re.finditer(pattern, text):
            if not re.search(_PLACEHOLDER, match.group()) and entropy(match.group()) > _BITS - 1:
                yield Secret(name, _line(text, match.start()), _redacted(match.group()), is_known=True)
    for match in re.finditer(_PRIVATE_KEY, text) if "PRIVATE KEY" in text else ():
        yield Secret("private key", _line(text, match.start()), "-----BEGIN ...", is_known=True)
    for match in re.finditer(_ASSIGNED, text) if _may_assign(text) else ():
        value = match.group(1)
        if _is_random(value) and not any(re.search(one, value) for _, one in _known_patterns(value)):
            yield Secret("high-entropy value", _line(text, match.start()), _redacted(value), is_known=False)


def _may_assign(text: str) -> bool:
    """Whether a quoted value of `text` is random and a telling name is in it; the pattern costs a hook 2 ms."""
    folded = text.casefold()
    if not any(name in folded for name in _NAMES):
        return False
    quoted = text.replace("'", '"').split('"')[1:-1]
    return any(
        _SHORTEST <= len(one) <= _LONGEST and _VALUE.issuperset(one) and _is_mixed(one) for one in quoted
    )


def _known_patterns(text: str) -> Iterator[tuple[str, str]]:
    """Yield the kinds of secret that `text` may hold, with their patterns."""
    return ((kind, pattern) for kind, held, pattern in _KNOWN if any(one in text for one in held))


def _is_random(value: str) -> bool:
    return _is_mixed(value) and not re.search(_PLACEHOLDER, value)


def _is_mixed(value: str) -> bool:
    mixed = any(one.isdigit() for one in value) and any(one.isalpha() for one in value)
    return mixed and entropy(value) >= _BITS


def entropy(text: str) -> float:
    """Return the Shannon entropy of the characters of a non-empty text, in bits per character."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def _redacted(value: str) -> str:
    return f"{value[:_VISIBLE]}... ({len(value)} characters)"


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
