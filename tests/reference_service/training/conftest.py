"""The training environment, built once a machine; without it what trains cannot be tested."""

from pathlib import Path

import pytest

from reference_service.training.environment import TrainingUnavailable, training_python


@pytest.fixture(scope="session")
def trainer() -> Path:
    """The interpreter that has CatBoost."""
    try:
        return training_python()
    except TrainingUnavailable as reason:
        pytest.skip(f"CatBoost cannot be installed: {reason}")
