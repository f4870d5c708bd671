"""`guardrails contract diff` as a user runs it."""

import json
from pathlib import Path

import pytest

from guardrails.analysis.openapi.values import Json
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


def test_levels_alone_carry_no_witness(
    files: tuple[str, str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["contract", "diff", *files, "--no-witness", "--format", "json"]) == 1

    (finding,) = json.loads(capsysbinary.readouterr().out)["findings"]
    assert (finding["level"], finding["witness"]) == ("breaking", None)


def test_folder_that_is_called_like_a_service_is_no_document_in_its_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    RepositoryBuilder(tmp_path)
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path)

    assert main(["contract", "lint", "shop"]) == 2
    assert "neither a file nor a service" in capsys.readouterr().err


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


def test_references_between_files_stay_inside_the_folder(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder = tmp_path / "api"
    folder.mkdir()
    (tmp_path / "secret.yaml").write_text("{type: string, maxLength: 1}")
    (folder / "id.yaml").write_text("type: string")
    inside, outside = (
        json.dumps(document(operation(body={"$ref": name}))) for name in ("id.yaml", "../secret.yaml")
    )
    (folder / "base.json").write_text(inside)
    (folder / "head.json").write_text(outside)

    assert main(["contract", "diff", str(folder / "base.json"), str(folder / "base.json")]) == 0
    main(["contract", "diff", str(folder / "base.json"), str(folder / "head.json"), "--format", "json"])
    main(["contract", "lint", str(folder / "head.json")])

    out = capsysbinary.readouterr().out
    assert b"maxLength" not in out
    assert b"leads out of the document's tree" in out


def test_code_is_derived_in_the_box_from_a_commit_and_from_the_work_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    def application(schema: Json) -> str:
        derived = f"    def openapi(self):\n        return {document(operation(body=schema))!r}\n"
        return f"class App:\n    def __call__(self): pass\n{derived}app = App()\n"

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    repository = RepositoryBuilder(tmp_path / "repository")
    repository.write("shop.py", application({"type": "integer"})).commit()
    monkeypatch.chdir(tmp_path / "repository")
    Path("shop.py").write_text(application({"type": "integer", "maximum": 5}))

    code = main(["contract", "diff", "HEAD:shop:app", "shop:app", "--format", "json"])

    (finding,) = json.loads(capsysbinary.readouterr().out)["findings"]
    assert code == 1
    assert finding["witness"]["value"] == 6
    assert main(["contract", "diff", "HEAD:shop:app", "none"]) == 2


@pytest.mark.parametrize(
    ("promise", "level"), [("strict", "breaking"), ("tolerant", "safe"), ("internal", "safe")]
)
def test_promise_says_what_breaks(
    promise: str, level: str, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    values: dict[str, Json] = {"base": ["a"], "head": ["a", "b"]}
    for name, enum in values.items():
        (tmp_path / name).write_text(json.dumps(document(operation(answer={"type": "string", "enum": enum}))))

    main(
        [
            "contract",
            "diff",
            "--promise",
            promise,
            "--format",
            "json",
            *(str(tmp_path / one) for one in ("base", "head")),
        ]
    )

    assert [one["level"] for one in json.loads(capsysbinary.readouterr().out)["findings"]] == [level]


def test_changelog_and_lint_of_a_pair(
    files: tuple[str, str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["contract", "changelog", *files]) == 0
    assert main(["contract", "lint", files[1], "--format", "json"]) == 1

    changelog, _, faults = capsysbinary.readouterr().out.decode().partition("{\n")
    assert changelog.startswith("# What changes for clients\n\n## Breaking\n\n### POST /things/{id}\n\n- ")
    assert '"GR272"' in faults  # the variable of the path is no declared parameter


def test_text_of_a_document_cannot_end_a_line_of_the_changelog(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    for name, path in (("base", "/a\n# forged\n<script>`x`"), ("head", "/b")):
        (tmp_path / name).write_text(json.dumps(document(operation(), path=path)))

    main(["contract", "changelog", str(tmp_path / "base"), str(tmp_path / "head")])

    out = capsysbinary.readouterr().out.decode()
    assert "\n# forged" not in out
    assert "<script>" not in out
