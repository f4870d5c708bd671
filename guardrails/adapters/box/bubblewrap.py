"""The strongest rung: bubblewrap's namespaces, with our system call filter and bounds."""

import shutil

from guardrails.adapters.box import view
from guardrails.adapters.box.process import BoxedProcess, launched
from guardrails.model.errors import BoxError
from guardrails.model.policy import BoxLevel
from guardrails.model.ports import Command, Completed


class BubblewrapBox:
    """Runs commands under `bwrap`; implements the Box port."""

    @property
    def level(self) -> BoxLevel:
        """How strong this box is."""
        return BoxLevel.BUBBLEWRAP

    def run(self, command: Command) -> Completed:
        """Run `command` to its end, or until a bound stops it; raises BoxError."""
        return self.start(command).wait()

    def start(self, command: Command) -> BoxedProcess:
        """Start `command` and return at once; the caller must stop it; raises BoxError."""
        tool = shutil.which("bwrap")
        if tool is None:
            raise BoxError("bwrap is not installed; `apt-get install bubblewrap` or your system's equivalent")
        return launched(self.level, command, view.mounts(view.checked(command)), tool=tool)
