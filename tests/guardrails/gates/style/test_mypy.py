"""What mypy learnt: put back as it was, and nowhere else than into its folder."""

import io
import os
import tarfile
from pathlib import Path

from guardrails.gates.style.mypy import unpack


def test_files_come_back_with_their_content_and_their_times(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    (before / "3.11" / "app").mkdir(parents=True)
    for name, when in {"3.11/a.meta.json": 1_700_000_000.25, "3.11/app/b.data.json": 1_600_000_000.5}.items():
        (before / name).write_text(name)
        os.utime(before / name, (when, when))
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        archive.add(before, ".")
    held.seek(0)

    with tarfile.open(fileobj=held) as archive:
        unpack(archive, after)

    files = [path.relative_to(after) for path in sorted(after.rglob("*")) if path.is_file()]
    assert [str(path) for path in files] == ["3.11/a.meta.json", "3.11/app/b.data.json"]
    for path in files:
        assert (after / path).read_text() == str(path)
        assert (after / path).stat().st_mtime == (before / path).stat().st_mtime


def test_nothing_is_written_outside_the_folder(tmp_path: Path) -> None:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name in ("../out", "a/../../out", str(tmp_path / "out"), "in"):
            member = tarfile.TarInfo(name)
            member.size = 1
            archive.addfile(member, io.BytesIO(b"x"))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "in"
        archive.addfile(link)
    held.seek(0)

    with tarfile.open(fileobj=held) as archive:
        unpack(archive, tmp_path / "folder")

    assert [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*"))] == [
        "folder",
        "folder/in",
    ]
