"""A folder for each attack, with a path short enough for a unix socket in it."""

from pathlib import Path

import pytest


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty folder with a short name."""
    return tmp_path_factory.mktemp("a")
