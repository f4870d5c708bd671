"""The service as a process on a unix socket, and a client that speaks to it without a library's retries."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Service:
    """A running service: its process, and the path of its socket."""

    process: subprocess.Popen[str]
    socket: str


@contextmanager
def served(environment: Mapping[str, str]) -> Iterator[Service]:
    """Start the service; it is given when it accepts connections, and killed at the end if it still runs."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "s")
        process = subprocess.Popen(
            [sys.executable, "-m", "reference_service.serve", "--uds", path],
            env={**os.environ, **environment},
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        try:
            assert any("running on" in line for line in process.stderr), "it ended before it ran"
            yield Service(process, path)
        finally:
            process.kill()
            process.communicate(timeout=30)


class Connection:
    """One kept-alive HTTP/1.1 connection; any fault of it is an error of the test."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.closing = False

    @classmethod
    async def to(cls, socket: str) -> Self:
        """Connect, or raise OSError."""
        return cls(*await asyncio.open_unix_connection(socket, limit=2**20))

    async def ask(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Return status and answer of one request."""
        content = b"" if body is None else json.dumps(body).encode()
        fields = {"host": "s", "content-type": "application/json", "content-length": str(len(content))}
        head = "".join(f"{name}: {text}\r\n" for name, text in {**fields, **(headers or {})}.items())
        self._writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content)
        status, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        said = dict(line.lower().split(": ", 1) for line in lines if line)
        self.closing = said.get("connection") == "close"
        answer = await self._reader.readexactly(int(said["content-length"]))
        return int(status.split()[1]), json.loads(answer) if "json" in said["content-type"] else {}

    async def close(self) -> None:
        """Close the connection."""
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()
