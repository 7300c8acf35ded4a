"""The bytes of `StoredZip` are those of the standard library's `zipfile`, in the zip64 form, too."""

import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from stylesv.data import stored_zip
from stylesv.data.stored_zip import StoredZip

ENTRIES = [("clip", None)] + [(f"clip/{number:06d}.jpg", bytes([number]) * (50 + number)) for number in range(40)]
ENTRIES += [("straße-日本", None), ("straße-日本/000000.jpg", b""), ("straße-日本/000001.jpg", b"last")]


def by_zipfile() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name, data in ENTRIES:
            info = zipfile.ZipInfo(name if data is not None else f"{name}/")
            info.create_system = 3
            info.external_attr = 0o40755 << 16 | 0x10 if data is None else 0o100644 << 16
            archive.writestr(info, data or b"")
    return content.getvalue()


def by_stored_zip(folder: Path) -> tuple[bytes, StoredZip, list[int]]:
    offsets = []
    with open(folder / "zip", "wb+") as content, open(folder / "directory", "wb+") as directory:
        archive = StoredZip(content, directory)
        for name, data in ENTRIES:
            if data is None:
                archive.add_folder(name)
            else:
                offsets.append(archive.add_file(name, data[:7], data[7:]))
        archive.finish()
    return (folder / "zip").read_bytes(), archive, offsets


@pytest.mark.parametrize("large", [1 << 31, 5000, 1200], ids=["small", "large directory", "large offsets"])
@pytest.mark.parametrize("most_entries", [(1 << 16) - 1, 20])
def test_the_bytes_are_those_of_zipfile(tmp_path, monkeypatch, large, most_entries):
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", large - 1)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", most_entries)
    monkeypatch.setattr(stored_zip, "_LARGE", large - 1)
    monkeypatch.setattr(stored_zip, "_MOST_ENTRIES", most_entries)
    found, archive, _ = by_stored_zip(tmp_path)
    assert found == by_zipfile()
    assert archive.sha256.hexdigest() == hashlib.sha256(found).hexdigest() and archive.num_bytes == len(found)


def test_the_limits_are_those_of_zipfile():
    assert (stored_zip._LARGE, stored_zip._MOST_ENTRIES) == (zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT)


def test_offsets_are_where_content_begins(tmp_path):
    content, _, offsets = by_stored_zip(tmp_path)
    files = [data for _, data in ENTRIES if data is not None]
    assert [content[at : at + len(data)] for at, data in zip(offsets, files, strict=True)] == files
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
