"""The service and the model that it starts with."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from reference_service.app import create_app
from reference_service.features.assembly import NAMES
from reference_service.models.documents import BundleError
from reference_service.models.lock import MODELS, Lock, read_lock, write_lock
from reference_service.settings import Settings


def model_of(question: dict[str, Any], models: Path | None = None) -> str:
    with TestClient(create_app(Settings(models=models))) as client:
        digest: str = client.post("/v1/now-playing/up-next:rank", json=question).json()["digests"]["model"]
    return digest


def test_answers_name_the_bundle_of_the_lock_and_a_rollback_is_a_change_of_the_lock(
    question: dict[str, Any], tmp_path: Path
) -> None:
    lock = read_lock(MODELS)
    assert lock.rollback is not None
    assert model_of(question) == lock.bundle
    shutil.copytree(MODELS / "bundles", tmp_path / "bundles")
    write_lock(tmp_path, Lock(lock.rollback, None, None))
    assert model_of(question, tmp_path) == lock.rollback
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["active.lock"]


def test_a_service_without_its_model_does_not_start_and_says_which(tmp_path: Path) -> None:
    (tmp_path / "active.lock").write_text(json.dumps({"bundle": "0" * 64, "parent": None, "rollback": None}))
    with (
        pytest.raises(BundleError, match="0000: no bundle is here"),
        TestClient(create_app(Settings(models=tmp_path))),
    ):
        raise AssertionError("it started")


def test_every_part_of_an_answer_is_named_after_a_feature_or_is_the_base(
    client: TestClient, question: dict[str, Any]
) -> None:
    for item in client.post("/v1/now-playing/up-next:rank", json=question).json()["items"]:
        assert "base" in item["parts"]
        assert item["parts"].keys() - {"base"} <= set(NAMES)
        assert any(added for name, added in item["parts"].items() if name != "base")
