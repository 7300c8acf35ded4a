"""A zip of uncompressed files, written from its first byte to its last in memory that does not grow with their number.

`zipfile` keeps 600 bytes for every entry until the end and goes back to patch each, so that the whole has to be read again
for its hash. The bytes are those that `zipfile` writes (APPNOTE.TXT 6.3 of PKWARE: 4.3.7, 4.3.12, 4.3.14 to 4.3.16).
"""

import hashlib
import shutil
import struct
import zlib
from typing import BinaryIO

_LARGE = (1 << 31) - 1  # offsets and sizes above it, as in `zipfile`, are given by the zip64 extension
_MOST_ENTRIES = (1 << 16) - 1  # likewise
_DATE = 1 << 5 | 1  # 1 January 1980, so that the same files make the same zip
_UNIX, _STORED, _VERSION, _ZIP64_VERSION = 3, 0, 20, 45
_NAME_IS_UTF8 = 0x800
_FOLDER, _FILE = 0o40755 << 16 | 0x10, 0o100644 << 16
_LOCAL, _MARK = struct.Struct("<4s2B4HL2L2H"), b"PK\x03\x04"


class StoredZip:
    """Entries one after the other into `file`; its table of contents is collected in the file `directory`.

    `sha256` is that of all bytes so far, `num_bytes` their number.
    """

    def __init__(self, file: BinaryIO, directory: BinaryIO):
        self._file, self._directory = file, directory
        self._count = 0
        self.sha256 = hashlib.sha256()
        self.num_bytes = 0

    def add_folder(self, name: str) -> None:
        """An entry for a folder; `name` without a slash at its end."""
        self._add(f"{name}/", (), _FOLDER)

    def add_file(self, name: str, *content: bytes) -> int:
        """A file whose content is these parts, below 2 GB in all; the offset of the first of them."""
        return self._add(name, content, _FILE)

    def finish(self) -> None:
        """Write the table of contents."""
        start, size = self.num_bytes, self._directory.tell()
        self._directory.seek(0)
        shutil.copyfileobj(self._directory, _Sink(self))
        count = self._count
        if count > _MOST_ENTRIES or start > _LARGE or size > _LARGE:
            end = self.num_bytes
            versions = (_ZIP64_VERSION, _ZIP64_VERSION)
            self._write(struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, *versions, 0, 0, count, count, size, start))
            self._write(struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1))
            count, size, start = min(count, 0xFFFF), min(size, 0xFFFFFFFF), min(start, 0xFFFFFFFF)
        self._write(struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, size, start, 0))
        self._file.flush()

    def _add(self, name: str, content: tuple[bytes, ...], attributes: int) -> int:
        encoded = name.encode()
        flags = 0 if name.isascii() else _NAME_IS_UTF8
        checksum, size = 0, sum(map(len, content))
        for part in content:
            checksum = zlib.crc32(part, checksum)
        facts = (flags, _STORED, 0, _DATE, checksum, size, size, len(encoded))
        start = self.num_bytes
        self._write(_LOCAL.pack(_MARK, _VERSION, 0, *facts, 0) + encoded)
        offset = self.num_bytes
        for part in content:
            self._write(part)
        version, extra, place = _VERSION, b"", start
        if start > _LARGE:
            version, extra, place = _ZIP64_VERSION, struct.pack("<HHQ", 1, 8, start), 0xFFFFFFFF
        versions = (version, _UNIX, version, 0)
        rest = (len(extra), 0, 0, 0, attributes, place)
        self._directory.write(struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", *versions, *facts, *rest) + encoded + extra)
        self._count += 1
        return offset

    def _write(self, content: bytes) -> None:
        self._file.write(content)
        self.sha256.update(content)
        self.num_bytes += len(content)


class _Sink:
    """A zip as a file to copy into."""

    def __init__(self, archive: StoredZip):
        self.write = archive._write


def require_intact(between: bytes | bytearray | memoryview, *content: memoryview) -> None:
    """Check a file's content, in parts, against the checksum before it.

    `between` are the bytes from the end of the file before to its start: the head of its entry, and of a folder's before that.
    So an offset that was changed is found, too.

    Raises:
        ValueError: it is not what was written there.
    """
    place, mark, size, expected = 0, b"", 0, 0
    while place + _LOCAL.size <= len(between) and not size:
        mark, _, _, _, _, _, _, expected, size, _, length, extra = _LOCAL.unpack_from(between, place)
        place += _LOCAL.size + length + extra
    if (mark, place, size) != (_MARK, len(between), sum(part.nbytes for part in content)):
        raise ValueError("its entry is not where the table of offsets says, or is of another size")
    found = 0
    for part in content:
        found = zlib.crc32(part, found)
    if found != expected:
        raise ValueError("its checksum is another: bytes were changed since it was written")
