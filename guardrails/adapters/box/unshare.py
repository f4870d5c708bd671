"""The second rung: the same namespaces and view as bubblewrap's, made by our own keeper."""

from guardrails.adapters.box import view
from guardrails.adapters.box.process import BoxedProcess, launched
from guardrails.model.policy import BoxLevel
from guardrails.model.ports import Command, Completed


class UnshareBox:
    """Runs commands in the rung `unshare`; implements the Box port."""

    @property
    def level(self) -> BoxLevel:
        """How strong this box is."""
        return BoxLevel.UNSHARE

    def run(self, command: Command) -> Completed:
        """Run `command` to its end, or until a bound stops it; raises BoxError."""
        return self.start(command).wait()

    def start(self, command: Command) -> BoxedProcess:
        """Start `command` and return at once; the caller must stop it; raises BoxError."""
        return launched(self.level, command, view.mounts(view.checked(command)))
