"""The third rung: Landlock, system call filter and bounds, for where namespaces are forbidden.

The host's files keep their places, so the names and sizes of others can be seen, not their content;
a private folder stands for /tmp, and a unix socket can be listened on but not connected to.
"""

import tempfile

from guardrails.adapters.box import view
from guardrails.adapters.box.process import BoxedProcess, launched
from guardrails.model.errors import BoxError
from guardrails.model.policy import BoxLevel
from guardrails.model.ports import Command, Completed


class LandlockBox:
    """Runs commands in the rung `landlock`; implements the Box port."""

    @property
    def level(self) -> BoxLevel:
        """How strong this box is."""
        return BoxLevel.LANDLOCK

    def run(self, command: Command) -> Completed:
        """Run `command` to its end, or until a bound stops it; raises BoxError."""
        return self.start(command).wait()

    def start(self, command: Command) -> BoxedProcess:
        """Start `command` and return at once; the caller must stop it; raises BoxError."""
        return launched(self.level, command, view.rights(view.checked(command)), temporary=_temporary())


def _temporary() -> str:
    try:
        return tempfile.gettempdir()
    except FileNotFoundError:
        raise BoxError("no writable temporary folder; free some space, or set TMPDIR to a folder") from None
