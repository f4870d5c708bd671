"""What the keeper is told: one program, its view of the files, its bounds.

Plain classes and `marshal` because every box start pays for what is imported here: dataclasses,
typing and json together cost more than the confinement itself.
"""

import marshal

BUBBLEWRAP = "bubblewrap"
UNSHARE = "unshare"
LANDLOCK = "landlock"
NONE = "none"


class Bounds:
    """Bounds of one process tree; the same fields as the Limits of the ports."""

    __slots__ = ("cpu_seconds", "file_bytes", "memory_bytes", "output_bytes", "processes", "wall_seconds")

    def __init__(
        self,
        *,
        wall_seconds: float,
        cpu_seconds: int,
        memory_bytes: int,
        processes: int,
        output_bytes: int,
        file_bytes: int,
    ) -> None:
        self.wall_seconds = wall_seconds
        self.cpu_seconds = cpu_seconds
        self.memory_bytes = memory_bytes
        self.processes = processes
        self.output_bytes = output_bytes
        self.file_bytes = file_bytes


class Mount:
    """One step in building the box's files: `kind` is ro, rw, use, tmpfs, dir, link, dev, proc or seal.

    `source` is a host path (ro, rw, use), the text of a link, or the size of a tmpfs in bytes.
    """

    __slots__ = ("kind", "source", "target")

    def __init__(self, kind: str, target: str, source: str = "") -> None:
        self.kind = kind
        self.target = target
        self.source = source


class Spec:
    """Everything the keeper needs; file descriptors are numbers in the keeper.

    `tool` is the path of bwrap; `temporary` the host folder in which a rung without mounts makes
    its private one.
    """

    __slots__ = (
        "argv",
        "bounds",
        "control",
        "directory",
        "environment",
        "inherit",
        "mounts",
        "parent",
        "report",
        "rung",
        "temporary",
        "tool",
    )

    def __init__(
        self,
        *,
        rung: str,
        parent: int,
        control: int,
        report: int,
        argv: list[str],
        directory: str,
        environment: dict[str, str],
        inherit: list[int],
        mounts: list[Mount],
        bounds: Bounds,
        tool: str = "",
        temporary: str = "",
    ) -> None:
        self.rung = rung
        self.parent = parent
        self.control = control
        self.report = report
        self.argv = argv
        self.directory = directory
        self.environment = environment
        self.inherit = inherit
        self.mounts = mounts
        self.bounds = bounds
        self.tool = tool
        self.temporary = temporary

    def dump(self) -> bytes:
        """Return the bytes that `load` reads."""
        fields: dict[str, object] = {name: getattr(self, name) for name in self.__slots__}
        fields["bounds"] = {name: getattr(self.bounds, name) for name in Bounds.__slots__}
        fields["mounts"] = [(mount.kind, mount.target, mount.source) for mount in self.mounts]
        return marshal.dumps(fields)

    @classmethod
    def load(cls, data: bytes) -> "Spec":
        """Return the Spec that our own parent process dumped."""
        fields = marshal.loads(data)  # noqa: S302 - written by our own parent, same interpreter
        fields["bounds"] = Bounds(**fields["bounds"])
        fields["mounts"] = [Mount(*mount) for mount in fields["mounts"]]
        return cls(**fields)
