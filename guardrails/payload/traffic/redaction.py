"""Takes secrets and personal data out of requests, by the names of fields and by what values look like."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

HIDDEN = "redacted"
_NAMES = (
    r"pass(word|wd|phrase)?$|pwd|secret|token|auth|cookie|credential|session|api[_-]?key|private[_-]?key|^key$|"
    r"(^|[_-])x[_-].*key|signature|e?mail|phone|mobile|^(first|last|full|sur|family|given)[_-]?name$|birth|ssn|iban|"
    r"card|cvv|cvc|address|street|ip$|latitude|longitude|otp|^pin$"
)
_VALUES = (
    r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+",
    r"\beyJ[\w-]{6,}\.[\w-]{4,}\.?[\w-]*",
    r"\b(?:AKIA|ASIA)[0-9A-Z]{12,}|\bgh[pousr]_\w{16,}|\b[sr]k[-_][\w-]{16,}|\bxox[a-z]-[\w-]{10,}|\bAIza[\w-]{30,}",
    r"(?i)\b(?:bearer|basic)\s+[\w.~+/=-]+",
    r"-----BEGIN [A-Z ]+-----[\s\S]*?(?:-----END [A-Z ]+-----|\Z)",
    r"\b(?:\d[ -]?){13,19}\b",
    r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b",
    r"\+\d[\d ()-]{7,}\d",
    r"\b(?=[A-Za-z0-9+/_=-]*[0-9])(?=[A-Za-z0-9+/_=-]*[A-Za-z])[A-Za-z0-9+/_=]{32,}",
    r"\b\d{1,3}(?:\.\d{1,3}){3}\b",
)
_KEPT_HEADERS = frozenset(
    {"content-type", "accept", "accept-language", "content-encoding", "if-none-match", "range"}
)


class Redaction:
    """What is taken out: fields whose name matches `names` and pieces of values that match `values`, both added
    to the built-in ones; only headers among `headers` and the harmless ones are kept at all."""

    def __init__(
        self, *, names: Sequence[str] = (), values: Sequence[str] = (), headers: Sequence[str] = ()
    ) -> None:
        self._names = re.compile("|".join((_NAMES, *names)), re.IGNORECASE)
        self._values = re.compile(
            "|".join("(?:%s)" % one.replace("(?i)", "") for one in (*_VALUES, *values)), re.IGNORECASE
        )
        self._headers = _KEPT_HEADERS | {name.lower() for name in headers}

    def text(self, value: str) -> str:
        """Return the text without what looks like a secret or a person."""
        return self._values.sub(HIDDEN, value)

    def is_secret(self, name: str) -> bool:
        """Whether a field of that name is hidden whatever it holds."""
        return bool(self._names.search(name))

    def headers(self, pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
        """Return the headers that may be kept; a name that may not is not even mentioned."""
        return {
            name: self.text(value)
            for name, value in pairs
            if name in self._headers and not self.is_secret(name)
        }

    def target(self, path: str, query: str) -> str:
        """Return path and query with secrets taken out, whatever their encoding."""
        segments = "/".join(quote(self.text(unquote(one)), safe=":@!$&'()*+,;=~") for one in path.split("/"))
        return segments + ("?" + self.form(query) if query else "")

    def form(self, text: str) -> str:
        """Return a query, or a body of a form, with secrets taken out."""
        pairs = parse_qsl(text, keep_blank_values=True, errors="replace")
        kept = [
            (self.text(name), HIDDEN if self.is_secret(name) else self.text(value)) for name, value in pairs
        ]
        return "&".join("%s=%s" % (quote(name, safe=""), quote(value, safe="")) for name, value in kept)

    def body(self, body: bytes, kind: str) -> str:
        """Return a body of JSON or of a form with secrets taken out; of any other nothing, since nobody can tell."""
        if not body:
            return ""
        if "json" in kind.lower():
            try:
                return json.dumps(self.value(json.loads(body)), ensure_ascii=False)
            except (ValueError, RecursionError):
                return ""
        if kind.lower().startswith("application/x-www-form-urlencoded"):
            return self.form(body.decode("latin-1"))
        return ""

    def value(self, value: Any) -> Any:  # Any: decoded JSON
        """Return a JSON value with secrets taken out: of the same shape, numbers of secret fields as 0."""
        if isinstance(value, dict):
            return {
                self.text(name): self._hidden(one) if self.is_secret(name) else self.value(one)
                for name, one in value.items()
            }
        if isinstance(value, list):
            return [self.value(one) for one in value]
        if isinstance(value, str):
            return self.text(value)
        if (
            isinstance(value, (int, float))
            and not isinstance(value, bool)
            and self.text(str(value)) != str(value)
        ):
            return 0
        return value

    def _hidden(self, value: Any) -> Any:  # Any: as above
        if isinstance(value, dict):
            return {self.text(name): self._hidden(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self._hidden(one) for one in value]
        if isinstance(value, bool) or value is None:
            return value
        return HIDDEN if isinstance(value, str) else 0
