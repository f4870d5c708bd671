"""What is left of a crash: one line on the terminal, and a note with the traceback to paste."""

import platform
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

from guardrails import __version__


def crash_note(error: BaseException, words: Sequence[str]) -> str:
    """Return the line to show; the traceback goes to a file beside the system's temporary files."""
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    summary = f"guardrails: undecided: the harness itself broke ({what}); this is our fault, not the change's"
    text = "\n".join(
        [
            f"guardrails {__version__}, Python {platform.python_version()}, {platform.platform()}",
            f"command: {['guardrails', *words]!r}",
            "",
            *traceback.format_exception(error),
        ]
    )
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="guardrails-crash-", suffix=".txt", delete=False, errors="backslashreplace"
        ) as note:
            note.write(text)
    except OSError as full:
        return f"{summary}; no note could be written ({full.strerror})"
    shown = Path(note.name)
    sys.stderr.flush()
    return f"{summary}; paste {shown} into a report"
