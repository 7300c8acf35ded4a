"""Archives and their parts that lie on this machine: copied, joined in the order they count in, and called what they are."""

import os
import zipfile
from hashlib import sha256 as hash_of
from pathlib import Path

import pytest

from stylesv.errors import StyleSVError
from stylesv.fetching.archive import fetch_part, join_parts, require_zip


def zipped(path: Path) -> bytes:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/0.jpg", os.urandom(5000))
    return path.read_bytes()


def test_parts_that_lie_here_are_joined_in_order_and_a_missing_one_is_named(tmp_path):
    whole = zipped(tmp_path / "whole.zip")
    for number, name in enumerate(("segaa", "segab", "segac")):
        (tmp_path / name).write_bytes(whole[number * 2000 : (number + 1) * 2000 if number < 2 else None])
    fetch_part(f"{tmp_path}/sega*", tmp_path / "joined", sha256=hash_of(whole).hexdigest())
    require_zip(tmp_path / "joined")
    join_parts([tmp_path / name for name in ("segaa", "segab", "segac")], tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == whole
    (tmp_path / "segab").rename(tmp_path / "kept")
    with pytest.raises(StyleSVError, match="part segab is missing between segaa and segac"):
        fetch_part(f"{tmp_path}/sega*", tmp_path / "gap", sha256=None)
    (tmp_path / "kept").rename(tmp_path / "segab")
    (tmp_path / "segac").unlink()
    with pytest.raises(
        StyleSVError, match=r"begins as a zip but has no whole table.*its last part is missing.*a part comes again once"
    ):
        join_parts([tmp_path / "segaa", tmp_path / "segab"], tmp_path / "short.zip")
    assert not (tmp_path / "short.zip").exists()
    (tmp_path / "segaa").unlink()
    (tmp_path / "segac").write_bytes(b"")
    with pytest.raises(StyleSVError, match="segab: is not the first part"):
        fetch_part(f"{tmp_path}/sega*", tmp_path / "late", sha256=None)
    with pytest.raises(StyleSVError, match="nowhere: no such file"):
        fetch_part(f"{tmp_path}/nowhere", tmp_path / "none", sha256=None)


def test_what_is_taken_from_here_shares_no_bytes_with_the_users_file(tmp_path, monkeypatch):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "a.zip").write_bytes(b"the user's")
    (tmp_path / "own" / "link.zip").symlink_to("a.zip")
    monkeypatch.chdir(tmp_path)
    for name in ("own/a.zip", "own/link.zip"):
        fetch_part(name, tmp_path / "out" / "taken", sha256=None)
        (tmp_path / "out" / "taken").write_bytes(b"mended here")
        assert (tmp_path / name).read_bytes() == b"the user's"
        assert [each.name for each in (tmp_path / "out").iterdir()] == ["taken"]
        (tmp_path / "out" / "taken").unlink()


def test_a_local_file_that_was_mended_is_taken_as_it_is_now(tmp_path):
    own, out = tmp_path / "a.zip", tmp_path / "out"
    for content in (b"first", b"other"):
        own.write_bytes(content)
        out.unlink(missing_ok=True)  # as Snakemake does with outputs of a job that was killed
        fetch_part(str(own), out, sha256=None)
        assert out.read_bytes() == content


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        (["x.1", "x.2", "x.3", "x.4", "x.5", "x.6", "x.7", "x.8", "x.9", "x.10", "x.11"], "x.*"),
        (["part1.zip", "part2.zip"], "part*.zip"),
        (["x.zip.001", "x.zip.002"], "x.zip.*"),
        (["x00", "x01"], "x*"),
        ([*(f"x{number:02d}" for number in range(90)), "x9000", "x9001"], "x*"),
        (["xaa", "xab"], "x*"),
    ],
)
def test_parts_are_joined_as_they_are_counted(tmp_path, names, pattern):
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    fetch_part(f"{tmp_path}/{pattern}", tmp_path / "joined", sha256=None)
    assert (tmp_path / "joined").read_bytes() == "".join(names).encode()


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["segaa", "segab", "segab.part"], r"segab\.part: is no part as segaa is one"),
        (["seg1", "seg2", "segab"], "segab: is no part as seg1 is one"),
        (["seg1.a", "seg1.b", "seg2.a"], "count in several places"),
        (["seg1.zip", "seg3.zip"], r"part seg2\.zip is missing between seg1\.zip and seg3\.zip"),
        (["seg09", "seg11"], "part seg10 is missing between seg09 and seg11"),
        (["segaz", "segbb"], "part segba is missing between segaz and segbb"),
    ],
)
def test_names_that_do_not_count_on_are_refused(tmp_path, names, words):
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(StyleSVError, match=words):
        fetch_part(f"{tmp_path}/seg*", tmp_path / "joined", sha256=None)
    assert not (tmp_path / "joined").exists()


def test_another_kind_of_archive_is_called_what_it_is(tmp_path):
    for content, words in ((b"\x1f\x8b rest", "a gzip"), (b"x" * 257 + b"ustar", "a tar"), (b"text", "no archive")):
        (tmp_path / "file").write_bytes(content)
        with pytest.raises(StyleSVError, match=f"file: is {words}.*not a zip"):
            require_zip(tmp_path / "file")
