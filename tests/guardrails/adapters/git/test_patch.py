import gzip
import json
import os
import pickle
from pathlib import Path

import pytest

from guardrails.adapters.git.patch import FilePatch, Hunk, PatchError, read_patch

ROOT = Path(__file__).resolve().parents[4]
CORPUS = Path(os.environ.get("GUARDRAILS_PATCHES", str(ROOT / "../shared/corpora/patches")))

HUNK = "@@ -1,2 +1,2 @@ def f():\n context\n-old\n+new\n"
PLAIN = f"--- a/x.py\n+++ b/x.py\n{HUNK}"


def read(text: str) -> tuple[FilePatch, ...]:
    return read_patch(text.encode("utf-8", "surrogateescape"))


def test_every_part_of_a_file_patch_is_kept() -> None:
    (file,) = read(
        f"diff --git a/x.py b/y.py\nsimilarity index 90%\nrename from x.py\nrename to y.py\n{PLAIN}"
    )
    assert file == FilePatch(
        line=1,
        old_path="x.py",
        new_path="y.py",
        is_rename=True,
        hunks=(Hunk(7, 1, 2, 1, 2, (b" context", b"-old", b"+new")),),
    )


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("--- a/x\n+++ b/x\n", ("x", "x", 1)),
        ("--- x\n+++ x\n", ("x", "x", 0)),
        ("--- a/x\n+++ a/x\n", ("a/x", "a/x", 0)),
        ("--- i/x\n+++ w/x\n", ("x", "x", 1)),
        ("--- /dev/null\n+++ b/x\n", (None, "x", 1)),
        ("--- src/x\n+++ /dev/null\n", ("src/x", None, 0)),
        ("--- x y\t2020-01-01\n+++ x y\t2020-01-02\n", ("x y", "x y", 0)),
        ('--- "a/\\303\\244\\n"\n+++ "b/\\303\\244\\n"\n', ("ä\n", "ä\n", 1)),
        ("--- a/x\r\n+++ b/x\r\n", ("x", "x", 1)),
        ("--- a/\udce9\n+++ b/\udce9\n", ("\udce9", "\udce9", 1)),
    ],
)
def test_names_are_read_with_and_without_prefixes(
    names: str, expected: tuple[str | None, str | None, int]
) -> None:
    (file,) = read(names + HUNK)
    assert (file.old_path, file.new_path, file.strip) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            "diff --git a/x y b/x y\nold mode 100644\nnew mode 100755\n",
            ("x y", "x y", "100644", "100755", False),
        ),
        (
            "diff --git a/x b/x\nnew file mode 100644\nindex 0000000..e69de29\n",
            (None, "x", None, "100644", False),
        ),
        ("diff --git a/x b/x\ndeleted file mode 120000\nindex 1..0\n", ("x", None, "120000", None, False)),
        (
            'diff --git "a/\\t" "b/\\t"\nold mode 100644\nnew mode 100755\n',
            ("\t", "\t", "100644", "100755", False),
        ),
        (
            "diff --git a/x b/x\nindex 1..2 100644\nBinary files a/x and b/x differ\n",
            ("x", "x", None, None, True),
        ),
        (
            "diff --git a/x b/x\nnew file mode 100644\nindex 0..1\n"
            "GIT binary patch\nliteral 1\nIc${M\n\nliteral 0\nHc\n\n",
            (None, "x", None, "100644", True),
        ),
    ],
)
def test_files_without_hunks_are_read(header: str, expected: tuple[object, ...]) -> None:
    for text in (header, f"{header}diff --git a/x.py b/x.py\n{PLAIN}"):
        file = read(text)[0]
        assert (file.old_path, file.new_path, file.old_mode, file.new_mode, file.is_binary) == expected
        assert file.hunks == ()


def test_mail_around_patches_is_skipped() -> None:
    prose = (
        "From 1234 Mon Sep 17 00:00:00 2001\nSubject: [PATCH]\n\n- a list\n+ of things\n---\n x.py | 2 +-\n\n"
    )
    mail = prose + PLAIN
    files = read(f"{mail}-- \n2.39.5\n\n{mail}--\n2.39.5\n")
    assert [file.new_path for file in files] == ["x.py", "x.py"]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "no file patch"),
        ("hello\n", 1, "no file patch"),
        (HUNK, 1, "outside of any file"),
        ("GIT binary patch\n", 1, "outside of any file"),
        ("--- a/x\n+++ b/x\n", 3, "not followed by a hunk"),
        ("--- a/x\n+++ b/x\n@@ -1 +x @@\n", 3, "no hunk header"),
        ("--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n context\n-old\n+new\n", 7, "1 old and 1 new lines short"),
        ("--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n context\n-old\n+new\ndiff --git a/y b/y\n", 7, "short"),
        (PLAIN + "+more\n", 7, "more changes than it says"),
        (PLAIN + " context\n-more\n", 8, "more changes than it says"),
        ("--- a/../x\n+++ b/../x\n" + HUNK, 1, "no path inside the repository"),
        ("--- /etc/passwd\n+++ /etc/passwd\n" + HUNK, 1, "no path inside the repository"),
        ("--- a/.git/config\n+++ b/.git/config\n" + HUNK, 1, "no path inside the repository"),
        ("--- a/sub/.GIT/hooks/x\n+++ b/sub/.GIT/hooks/x\n" + HUNK, 1, "no path inside"),
        ("--- a//x\n+++ b//x\n" + HUNK, 1, "no path inside the repository"),
        ("diff --git a/x b/x\nrename from x\nrename to ../y\n", 1, "no path inside the repository"),
        ("--- /dev/null\n+++ /dev/null\n" + HUNK, 1, "no file is named"),
        ('--- "a/x\n+++ "b/x\n' + HUNK, 1, "malformed"),
        ('--- "a/\\x"\n+++ "b/\\x"\n' + HUNK, 1, "malformed"),
        ("diff --git a/x b/y\nold mode 100644\nnew mode 100755\n", 1, "cannot be told apart"),
        ("diff --git a/x b/x\nnew file mode 100666\n", 2, "no mode that git knows"),
    ],
)
def test_patch_that_is_not_accepted_names_line_and_reason(text: str, line: int, reason: str) -> None:
    with pytest.raises(PatchError, match=reason) as caught:
        read(text)
    assert caught.value.line == line
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_no_cut_or_swap_of_lines_crashes_the_reader() -> None:
    whole = (
        f"diff --git a/x.py b/x.py\nindex 1..2 100644\n{PLAIN}\\ No newline at end of file\n"
        'diff --git "a/\\303" b/y\nnew file mode 100755\nGIT binary patch\nliteral 3\nKc\n\n'
    ).encode()
    lines = whole.splitlines(keepends=True)
    tried = [whole[:end] for end in range(len(whole))]
    tried += [b"".join(lines[:at] + lines[at + 1 :]) for at in range(len(lines))]
    tried += [b"".join(lines[at:] + lines[:at]) for at in range(len(lines))]
    refused = 0
    for data in tried:
        try:
            read_patch(data)
        except PatchError:
            refused += 1
    assert 0 < refused < len(tried)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real patches is not beside the repository")
def test_real_patches_are_read_and_the_one_that_git_refuses_is_refused() -> None:
    count, refused = 0, {}
    for name in ("agents.jsonl.gz", "humans.jsonl.gz"):
        with gzip.open(CORPUS / name) as rows:
            for row in map(json.loads, rows):
                for text in filter(None, (row["patch"], row.get("test_patch"))):
                    count += 1
                    try:
                        read(text)
                    except PatchError as error:
                        refused[row["id"]] = error.line
    assert count == 6229
    assert refused == {"950dc57f5ac69953": 16}
