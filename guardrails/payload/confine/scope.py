"""Ending everything where there is no process id namespace to end.

The keeper enters a Landlock domain that scopes signals, so `kill(-1)` reaches exactly its own
descendants, at once, whatever sessions they fled to. A watcher in the same domain does it for a
keeper that was itself killed. The program runs in a domain nested below and can signal neither.
"""

import os
import select

from guardrails.payload.confine import landlock, system
from guardrails.payload.confine.spec import Spec


class Scope:
    """The keeper's signal domain, its watcher, and the private temporary folder that ends with it."""

    def __init__(self, spec: Spec) -> None:
        self.temporary = ""
        self._harness = spec.parent
        system.prctl(system.PR_SET_NO_NEW_PRIVS, 1)
        landlock.scope_signals()
        self._prove()
        if spec.temporary:
            self.temporary = f"{spec.temporary}/guardrails-box-{os.urandom(8).hex()}"
            os.mkdir(self.temporary, 0o700)  # noqa: PTH102 - see keeper
        self._start_watcher()

    def _prove(self) -> None:
        """Never rely on a scope that the kernel does not hold: `kill(-1)` without one ends the session."""
        try:
            os.kill(self._harness, 0)
        except PermissionError:
            return
        raise OSError(0, "Landlock does not scope signals here")

    def _start_watcher(self) -> None:
        keeper = os.pidfd_open(os.getpid())
        if os.fork():
            os.close(keeper)
            return
        try:
            self._watch(keeper)
        finally:
            os._exit(0)

    def _watch(self, keeper: int) -> None:
        lowest = 4
        os.dup2(keeper, lowest - 1)
        os.closerange(lowest, 1 << 20)
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in range(lowest - 1):
            os.dup2(null, descriptor)
        poll = select.poll()
        poll.register(lowest - 1, select.POLLIN)
        poll.poll()
        self.kill_all()
        self.clean()

    def kill_all(self) -> None:
        """Kill every process of the scope but the caller."""
        try:
            os.kill(-1, system.SIGKILL)
        except (ProcessLookupError, PermissionError):  # nobody left
            return

    def clean(self) -> None:
        """Remove the private temporary folder and what is in it."""
        if not self.temporary:
            return
        try:
            os.rmdir(self.temporary)  # noqa: PTH106 - see keeper
        except OSError:
            import shutil  # noqa: PLC0415 - costs every start, and most folders are empty

            shutil.rmtree(self.temporary, ignore_errors=True)
