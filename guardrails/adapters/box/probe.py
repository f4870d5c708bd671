"""Proof that a box holds: a program in it tries to get out, and says what it could do."""

import contextlib
import os
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from guardrails.adapters.box import view
from guardrails.adapters.scratch import RunFolder, room_in
from guardrails.model.errors import BoxError
from guardrails.model.ports import Box, Command, Limits

_LIMITS = Limits(wall_seconds=20.0, cpu_seconds=10, memory_bytes=512 << 20, processes=8)

# Arguments: a host folder, the port of a host listener, the name of an abstract one, a host process.
_PROGRAM = """
import ctypes, os, socket, sys
folder, port, name, pid = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
def connect(family, address):
    with socket.socket(family) as client:
        client.settimeout(5)
        client.connect(address)
def status(field):
    with open("/proc/self/status") as file:
        return dict(line.split(":", 1) for line in file)[field].strip()
def namespaces():
    if ctypes.CDLL(None).unshare(0x10000000) != 0:
        raise OSError
def weak():
    if int(status("CapEff"), 16) == 0 and status("NoNewPrivs") == "1" and status("Seccomp") == "2":
        raise OSError
attempts = {
    "reads outside": lambda: open(folder + "/secret").read(),
    "writes outside": lambda: open(folder + "/written", "w"),
    "reaches the network": lambda: connect(socket.AF_INET, ("127.0.0.1", port)),
    "reaches abstract sockets": lambda: connect(socket.AF_UNIX, "\\0" + name),
    "reaches sockets by path": lambda: connect(socket.AF_UNIX, folder + "/socket"),
    "signals other processes": lambda: os.kill(pid, 0),
    "makes namespaces": namespaces,
    "keeps privileges": weak,
}
for what, attempt in attempts.items():
    try:
        attempt()
    except OSError:
        continue
    print(what)
print("end")
"""


@dataclass(frozen=True, slots=True)
class _Outside:
    folder: Path
    port: int
    name: str


def escapes(box: Box) -> tuple[str, ...]:
    """Return what a program could do that `box` must not let it do; raises BoxError if it cannot run."""
    with _outside() as outside:
        arguments = (str(outside.folder), str(outside.port), outside.name, str(os.getpid()))
        argv = (sys.executable, "-I", "-S", "-c", _PROGRAM, *arguments)
        command = Command(argv, Path("/"), {}, our_interpreter(), limits=_LIMITS)
        done = box.run(command)
    said = done.stdout.decode("utf-8", "replace").splitlines()
    if done.exit_code != 0 or said[-1:] != ["end"]:
        last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise BoxError(f"the probe did not finish in it (exit {done.exit_code}): {done.stopped_by or last}")
    return tuple(said[:-1])


def our_interpreter() -> tuple[Path, ...]:
    """Return the folders that must be readable to run the interpreter we run on ourselves."""
    executable = Path(sys.executable)
    folders = (Path(sys.prefix), Path(sys.base_prefix), executable.parent, executable.resolve().parent)
    return tuple(dict.fromkeys(folder for folder in folders if not view.is_system(folder)))


@contextlib.contextmanager
def _outside() -> Iterator[_Outside]:
    """Lay out what the program must not reach: a secret, a folder, and three listening sockets."""
    name = f"guardrails-probe-{os.urandom(8).hex()}"
    # A run's folder, since what a killed run leaves of it is removed by a later one.
    with contextlib.closing(RunFolder()) as run, contextlib.ExitStack() as stack:
        place = run.path
        with room_in(place):
            (place / "secret").write_text("secret")
            _listen(stack, socket.AF_UNIX, f"\0{name}")
            _listen(stack, socket.AF_UNIX, str(place / "socket"))
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        yield _Outside(place, listener.getsockname()[1], name)


def _listen(stack: contextlib.ExitStack, family: socket.AddressFamily, address: str) -> None:
    listener = stack.enter_context(socket.socket(family))
    listener.bind(address)
    listener.listen()
