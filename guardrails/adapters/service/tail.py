"""What a program said last, made safe to show: bounded, printable, without obvious secrets."""

import re

_LINES = 12
_LINE_LENGTH = 300
_LOOKED_THROUGH = 1000
_SECRETS = (
    re.compile(
        r"(?i)((?:(?:password|passwd|secret|token|api[_-]?key|credential|private[_-]?key)[a-z0-9_-]*"
        r"|authorization|cookie)[\"']?\s*[:=]\s*[\"']?)((?:bearer |basic )?[^\s\"',;]+)"
    ),
    re.compile(r"(://[^/\s:@]*:)([^/\s@]+)(?=@)"),
    re.compile(r"()\b(AKIA[0-9A-Z]{16}|gh[pousr]_\w{20,}|sk-[\w-]{20,}|xox[a-z]-[\w-]{10,})"),
    re.compile(r"()\b(eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)"),
)


def tail_of(output: bytes) -> str:
    """Return the last lines of a program's output as one printable paragraph, secrets hidden."""
    text = output[-16384:].decode("utf-8", "replace")
    lines = [line for line in text.splitlines() if line.strip()][-_LINES:]
    return "\n".join("  " + _hidden(_printable(line[:_LOOKED_THROUGH]))[:_LINE_LENGTH] for line in lines)


def _printable(line: str) -> str:
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in line
    )


def _hidden(line: str) -> str:
    for pattern in _SECRETS:
        line = pattern.sub(r"\1[hidden]", line)
    return line
