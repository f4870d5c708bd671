"""No box: bounds and a certain end, but no confinement. Only for an explicit `--allow-unsandboxed`."""

from guardrails.adapters.box import view
from guardrails.adapters.box.process import BoxedProcess, launched
from guardrails.model.policy import BoxLevel
from guardrails.model.ports import Command, Completed


class UnconfinedBox:
    """Runs commands in the rung `none`; implements the Box port."""

    @property
    def level(self) -> BoxLevel:
        """How strong this box is."""
        return BoxLevel.NONE

    def run(self, command: Command) -> Completed:
        """Run `command` to its end, or until a bound stops it; raises BoxError."""
        return self.start(command).wait()

    def start(self, command: Command) -> BoxedProcess:
        """Start `command` and return at once; the caller must stop it; raises BoxError."""
        return launched(self.level, view.checked(command), [])
