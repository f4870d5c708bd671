import pytest

from guardrails.adapters.git.inputs import Commits, open_change
from guardrails.model.errors import UsageError
from tests.repos.builder import RepositoryBuilder


def test_ref_that_starts_with_a_dash_is_a_name_and_not_an_option(repo: RepositoryBuilder) -> None:
    first = repo.head
    repo.write("a.py", "x").commit()
    repo.git("update-ref", "refs/heads/--upload-pack=evil", first)
    with open_change(repo.path, Commits("--upload-pack=evil", "main")) as opened:
        assert opened.change.base.commit == first


@pytest.mark.parametrize(
    "name", ["--help", "nowhere", "", "a\nb", "main\0x", "HEAD:a.py", "main^{tree}", " "]
)
def test_name_of_no_commit_is_refused(repo: RepositoryBuilder, name: str) -> None:
    with pytest.raises(UsageError, match=r"names? (no|a) commit"):
        open_change(repo.path, Commits(name, "main"))


def test_tag_that_shadows_the_base_branch_is_refused(repo: RepositoryBuilder) -> None:
    repo.git("update-ref", "refs/remotes/origin/main", "main")
    repo.write("a.py", "evil").commit()
    repo.git("tag", "origin/main")
    with pytest.raises(
        UsageError, match=r"ambiguous; write one of refs/tags/origin/main, refs/remotes/origin/main"
    ):
        open_change(repo.path, Commits("origin/main", "main"))
    with open_change(repo.path, Commits("refs/remotes/origin/main", "main")) as opened:
        assert [file.path for file in opened.change.files] == ["a.py"]


def test_file_in_the_git_directory_cannot_shadow_the_base_branch(repo: RepositoryBuilder) -> None:
    first = repo.head
    repo.branch("feature").write("a.py", "evil").commit()
    (repo.path / ".git/main").write_text(repo.head + "\n")
    with pytest.raises(UsageError, match="ambiguous"):
        open_change(repo.path, Commits("main", "feature"))
    with open_change(repo.path, Commits(first, "feature")) as opened:
        assert opened.change.base.commit == first


def test_annotated_tag_and_suffixes_name_commits(repo: RepositoryBuilder) -> None:
    first = repo.head
    repo.git("tag", "-a", "-m", "release", "v1")
    repo.write("a.py", "x").commit()
    for name in ("v1", "HEAD~1", "main^", "@~", first[:10]):
        with open_change(repo.path, Commits(name, "HEAD")) as opened:
            assert opened.change.base.commit == first
