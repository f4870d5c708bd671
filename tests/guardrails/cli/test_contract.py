"""`guardrails contract diff` as a user runs it."""

import json
from pathlib import Path

import pytest

from guardrails.cli.main import main
from tests.guardrails.analysis.openapi.pairs import document, operation
from tests.repos.builder import RepositoryBuilder

BASE = document(operation(body={"type": "object", "properties": {"limit": {"type": "integer"}}}))
HEAD = document(
    operation(body={"type": "object", "properties": {"limit": {"type": "integer", "maximum": 9}}})
)


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """Return the names of both documents."""
    names = (tmp_path / "base.json", tmp_path / "head.yaml")
    for name, content in zip(names, (BASE, HEAD), strict=True):
        name.write_text(json.dumps(content))
    return str(names[0]), str(names[1])


def test_break_exits_1_and_prints_one_finding_as_json(
    files: tuple[str, str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    code = main(["contract", "diff", *files, "--format", "json"])

    (finding,) = json.loads(capsysbinary.readouterr().out)["findings"]
    assert code == 1
    assert finding["level"] == "breaking"
    assert (finding["method"], finding["path"], finding["direction"]) == ("POST", "/things/{id}", "request")
    assert finding["witness"]["value"] == {"limit": 10}
    assert finding["witness"]["curl"].startswith("curl -X POST")


def test_documents_that_agree_exit_0(
    files: tuple[str, str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["contract", "diff", files[0], files[0]]) == 0
    assert capsysbinary.readouterr().out == b"0 breaking, 0 unknown, 0 safe\n"


@pytest.mark.parametrize(
    "name", ["https://example.com/openapi.json", "nowhere.json", "{folder}", "{swagger}"]
)
def test_what_cannot_be_read_exits_2_with_a_reason(
    name: str, files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "swagger.json").write_text('{"swagger": "1.2"}')
    name = name.format(folder=tmp_path, swagger=tmp_path / "swagger.json")

    assert main(["contract", "diff", files[0], name]) == 2
    assert "; " in capsys.readouterr().err


def test_document_of_a_commit_is_compared_with_a_file(
    files: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = RepositoryBuilder(tmp_path / "repository")
    repository.write("api/openapi.json", json.dumps(BASE)).commit()
    monkeypatch.chdir(tmp_path / "repository")

    assert main(["contract", "diff", "HEAD:api/openapi.json", files[0]]) == 0
    assert main(["contract", "diff", "HEAD:api/openapi.json", files[1]]) == 1
    assert main(["contract", "diff", "HEAD:api/none.json", files[1]]) == 2
    assert main(["contract", "diff", "--format", "json", "--", "--upload-pack=x:y", files[1]]) == 2
