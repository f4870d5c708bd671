"""Where a process stands between its start and its end; whoever stops it says so here first."""

from dataclasses import dataclass


@dataclass(slots=True)
class Lifecycle:
    """Whether the process is draining: it answers all that it is asked, and asks to be asked no more."""

    draining: bool = False
