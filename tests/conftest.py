"""What every test may rely on."""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# A suite started in the background inherits an ignored SIGINT, and so would every program that it interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Folders whose tests start boxes, services, browsers or whole runs: `make check` leaves them out.
SLOW_FOLDERS = (
    "tests/attacks",
    "tests/docs",
    "tests/guardrails/adapters/box",
    "tests/guardrails/adapters/environment",
    "tests/guardrails/adapters/service",
    "tests/guardrails/adapters/test_laboratory.py",
    "tests/guardrails/analysis/code/differential",
    "tests/guardrails/analysis/openapi/test_examples.py",
    "tests/guardrails/cli/test_image.py",
    "tests/guardrails/cli/test_same_answers.py",
    "tests/guardrails/gates/architecture/keeping/test_edits.py",
    "tests/guardrails/gates/architecture/team",
    "tests/guardrails/gates/architecture/test_listing.py",
    "tests/guardrails/gates/contract",
    "tests/guardrails/gates/golden",
    "tests/guardrails/gates/integrity/overlay",
    "tests/guardrails/gates/latency",
    "tests/guardrails/gates/style",
    "tests/guardrails/payload",
    "tests/guardrails/report/test_html.py",
    "tests/guardrails/tasks",
    "tests/reference_service/faults",
    "tests/reference_service/models/remote/test_mlserver.py",
    "tests/reference_service/models/remote/test_service.py",
    "tests/reference_service/page/browser",
    "tests/reference_service/processes",
    "tests/reference_service/test_launch.py",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what lies in a slow folder."""
    for item in items:
        root = config.rootpath
        if item.path.is_relative_to(root) and item.path.relative_to(root).as_posix().startswith(SLOW_FOLDERS):
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder whose path is short: a unix socket's path holds at most 107 bytes, and pytest's own names are long."""
    folder = Path(tempfile.mkdtemp(prefix="g"))
    yield folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
