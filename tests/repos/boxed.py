"""A laboratory with a real box, for tests of gates that run code."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from guardrails.adapters.box.ladder import strongest
from guardrails.adapters.laboratory import RunLaboratory
from guardrails.adapters.scratch import RunFolder
from guardrails.model.errors import BoxError
from guardrails.model.policy import BoxLevel
from guardrails.model.ports import Box, Tree
from tests.repos.memory import MemoryCache


def real_box() -> Box:
    """Return the strongest box of this machine; skips the test where there is none."""
    try:
        return strongest(BoxLevel.LANDLOCK)
    except BoxError as error:
        pytest.skip(f"this machine has no box: {error}")


@contextmanager
def boxed_laboratory(folder: Path, base: Tree) -> Iterator[RunLaboratory]:
    """Yield a laboratory over `base` whose folders live under `folder` and go at the end."""
    box = real_box()
    with RunLaboratory(
        folder, base, lambda: box, MemoryCache(), folder / "cache", seed=11, run_folder=RunFolder(folder)
    ) as laboratory:
        yield laboratory
