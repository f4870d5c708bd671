"""The protocols that join engine and gates to the world; `wiring` supplies the adapters.

A gate sees trees as bytes by path, and runs project code only through these ports. Each port
raises a CannotJudge of `errors` when it cannot do what it is asked.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Protocol, TypeVar

from guardrails.model.change import Entry
from guardrails.model.frozen import field, frozen
from guardrails.model.policy import BoxLevel, Service

ResultT = TypeVar("ResultT")


class Tree(Protocol):
    """One git tree, read as blobs; never the work tree."""

    @property
    def id(self) -> str:
        """The tree's object id, hex."""

    def entries(self) -> Mapping[str, Entry]:
        """Return every blob, link and submodule of the tree by path; listed once, then kept."""

    def read(self, path: str) -> bytes | None:
        """Return the content of the regular file at `path`; None for nothing, a link or a submodule."""

    def read_many(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Return the contents of those of `paths` that are regular files, in one exchange with git."""


class Clock(Protocol):
    """The time, as an argument."""

    def today(self) -> date:
        """Return the day (UTC) that expiry dates are compared with."""

    def monotonic(self) -> float:
        """Return seconds that only grow."""


class Cache(Protocol):
    """Results by content digest, per user, safe under concurrent writers; the box cannot see it."""

    def get(self, key: str) -> bytes | None:
        """Return what was stored under `key`, or None when there is nothing or it is damaged."""

    def put(self, key: str, value: bytes) -> None:
        """Store `value` under `key`; a cache that cannot be written to is not an error."""


@frozen
class Limits:
    """Bounds of one boxed process tree: seconds of wall and CPU time, bytes, processes."""

    wall_seconds: float = 60.0
    cpu_seconds: int = 60
    memory_bytes: int = 2 << 30
    processes: int = 256
    output_bytes: int = 16 << 20
    file_bytes: int = 64 << 20


@frozen
class Command:
    """A program to run in the box.

    `readable` host paths are visible read-only at the same place; `writable` ones (scratch
    folders) also for writing; nothing else of the host's files but the system's libraries and
    the interpreter is. `environment` is the whole environment. `inherit` are file descriptors
    (listening sockets, report pipes) that stay open in the box.
    """

    argv: tuple[str, ...]
    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    readable: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    stdin: bytes = b""
    limits: Limits = Limits()
    inherit: tuple[int, ...] = ()


@frozen
class Completed:
    """How a boxed program ended. `exit_code` is negative for a signal; `stopped_by` names a bound it hit."""

    exit_code: int
    stdout: bytes
    stderr: bytes
    stopped_by: str = ""


class Process(Protocol):
    """A boxed program that is still running."""

    @property
    def host_pid(self) -> int:
        """Process id, on the host, of the box's outermost process."""

    def is_running(self) -> bool:
        """Whether it has not ended yet."""

    def cpu_seconds(self) -> float:
        """Return user plus system seconds used so far by every process in the box."""

    def stop(self) -> Completed:
        """End the whole process tree and return how it ended; safe to call twice."""


class Box(Protocol):
    """Where project code runs: no network but loopback, read-only files, bounds."""

    @property
    def level(self) -> BoxLevel:
        """How strong this box is."""

    def run(self, command: Command) -> Completed:
        """Run `command` to its end, or until a bound stops it."""

    def start(self, command: Command) -> Process:
        """Start `command` and return at once; the caller must stop it."""


@frozen
class Interpreter:
    """The project's own Python: its path, what must be readable to run it, and a digest of what it is."""

    python: Path
    readable: tuple[Path, ...]
    digest: str
    source: str


@frozen
class Request:
    """One HTTP request to a service under judgement. `path` includes the query string."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@frozen
class Response:
    """What the service answered; header names in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@frozen
class Use:
    """A part of a step that is known only when it is played: what `pointer` leads to in the answer to `step`.

    `placeholder` stands for it in the path, or as a whole JSON string in the body.
    """

    placeholder: str
    step: int
    pointer: str


@frozen
class Step:
    """One request of a script; `uses` are filled in from the answers before it."""

    request: Request
    uses: tuple[Use, ...] = ()


@frozen
class Silence:
    """There is no answer; `reason` says why in a few words."""

    reason: str


class Player(Protocol):
    """A service that answers scripts in a box, each from the state it was loaded with, its clock held still."""

    @property
    def handlers(self) -> Mapping[str, tuple[str, ...]]:
        """`module:name` of the functions behind each `METHOD /path`, as far as the service tells."""

    def play(
        self, steps: Sequence[Step], *, independent: bool, entropy: int = 0, afar: bool = False
    ) -> Sequence[Response | Silence]:
        """Return the answer to each step; where one dies or hangs, only `independent` ones after it go on.

        `entropy` seeds the randomness and the ids that the service makes while it plays. Asked from
        `afar`, it sees a client of another address that comes months later.
        """


class Server(Protocol):
    """A running service of the project, in its box."""

    def request(self, request: Request) -> Response:
        """Send one request and return the answer; raises ServiceFailure when there is none in time."""

    def cpu_seconds(self) -> float:
        """Return user plus system seconds used by the service's processes so far."""

    def alive(self) -> bool:
        """Whether the service still runs."""


@frozen
class Tool:
    """A program of ours or of base's lock: its argument list so far, version and where it came from."""

    argv: tuple[str, ...]
    version: str
    source: str


class Laboratory(Protocol):
    """Everything through which a gate may touch the project's code or a tool."""

    @property
    def box(self) -> Box:
        """The strongest box of this machine that policy accepts; raises BoxError if there is none."""

    @property
    def cache(self) -> Cache:
        """The per-user cache of results by digest."""

    @property
    def payload(self) -> Path:
        """Folder of the standard-library scripts that we send into the box."""

    @property
    def seed(self) -> int:
        """H(base tree, head tree, policy digest): the one source of pseudo-randomness of a run."""

    def checkout(self, tree: Tree) -> Path:
        """Return a read-only folder with the tree's files; links that leave it are not made."""

    def scratch(self, name: str) -> Path:
        """Return a fresh writable folder that is removed at the end of the run."""

    def interpreter(self, service: Service, tree: Tree) -> Interpreter:
        """Return the interpreter for the service's code at `tree`, built outside the box from base's word."""

    def serve(
        self, service: Service, tree: Tree, variables: Mapping[str, str] | None = None
    ) -> AbstractContextManager[Server]:
        """Start the service from `tree` in a box, wait until it is ready, and stop it at the end."""

    def player(self, service: Service, tree: Tree, entropy: int = 0) -> AbstractContextManager[Player]:
        """Load the service from `tree` in a box to play scripts; `entropy` seeds randomness, ids and hashes."""

    def document(self, service: Service, tree: Tree) -> bytes:
        """Return the OpenAPI document, JSON, that the service's code at `tree` derives, run in a box."""

    def tool(self, name: str) -> Tool:
        """Return `ruff` or `mypy`, from base's lock else ours; raises ToolMissing."""

    def run_tool(
        self, tool: Tool, arguments: Sequence[str], directory: Path, stdin: bytes = b""
    ) -> Completed:
        """Run one of our own tools on data, outside the project's configuration."""


class Executor(Protocol):
    """Runs gates apart from each other, each within bounds."""

    def run_all(
        self,
        jobs: Mapping[str, Callable[[], ResultT]],
        *,
        seconds: Mapping[str, float],
        memory_bytes: int,
        alone: frozenset[str],
    ) -> Mapping[str, ResultT | BaseException]:
        """Run every job, those in `alone` with nothing beside them; return results or what stopped them."""
