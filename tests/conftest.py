"""What every test may rely on."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder whose path is short: a unix socket's path holds at most 107 bytes, and pytest's own names are long."""
    folder = Path(tempfile.mkdtemp(prefix="g"))
    yield folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
