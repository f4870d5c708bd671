"""Laboratories over a tree in memory, for tests of services and environments."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from guardrails.adapters.laboratory import RunLaboratory
from guardrails.adapters.scratch import RunFolder
from guardrails.model.policy import Service
from guardrails.model.ports import Server
from tests.guardrails.adapters.plain_box import PlainBox, PlainProcess
from tests.repos.memory import MemoryCache, MemoryTree


@dataclass
class Room:
    """A laboratory, its tree and its box."""

    laboratory: RunLaboratory
    tree: MemoryTree
    box: PlainBox

    @property
    def process(self) -> PlainProcess:
        """The process started last."""
        return self.box.started[-1]

    @property
    def socket(self) -> Path:
        """The socket of the service started last."""
        return self.box.commands[-1].writable[0] / "socket"


@contextmanager
def room(folder: Path, files: Mapping[str, str | bytes]) -> Iterator[Room]:
    """Yield a laboratory for a tree of `files` whose run folder lies in `folder`."""
    tree, box = MemoryTree(files), PlainBox()
    laboratory = RunLaboratory(
        folder, tree, lambda: box, MemoryCache(), folder / "cache", run_folder=RunFolder(folder)
    )
    with laboratory:
        yield Room(laboratory, tree, box)


@contextmanager
def serving(
    folder: Path, code: str, *, ready: str = "/", variables: Mapping[str, str] | None = None
) -> Iterator[tuple[Server, Room]]:
    """Yield the running service whose ASGI application is `app` in `code`."""
    with room(folder, {"site_of_test.py": code}) as made:
        service = Service("web", (".",), app="site_of_test:app", ready=ready)
        with made.laboratory.serve(service, made.tree, variables) as server:
            yield server, made
