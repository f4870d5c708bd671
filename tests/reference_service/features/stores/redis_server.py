"""A real Redis on a unix socket, for tests: Debian's redis-server, or a skip that says how to get it."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def redis_server() -> Iterator[Path]:
    """Start a Redis without persistence; yield the path of its socket."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed (Debian: apt-get install redis-server)")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s"
        process = subprocess.Popen(
            [program, "--port", "0", "--unixsocket", str(path), "--save", "", "--dir", folder],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        try:
            assert any("ready to accept" in line.lower() for line in process.stdout), "redis-server ended"
            yield path
        finally:
            process.terminate()
            process.communicate(timeout=30)
