"""Does a film's file end before its container says? Found from the sizes written in it, without decoding.

FFmpeg reads a cut-off Matroska, WebM or AVI film to its early end without an error, so the decoder cannot tell.
"""

import os
from typing import BinaryIO

_MP4_BOXES_THAT_MATTER = (b"moov", b"mdat", b"moof")
_EBML_HEADER, _EBML_SEGMENT = 0x1A45DFA3, 0x18538067


def missing_bytes(film: BinaryIO) -> int:
    """How many bytes the container announces beyond the end of the file; 0 if none or if it does not say.

    Understands MP4 and MOV (boxes), Matroska and WebM (EBML), AVI (RIFF). The film is at its start, before and after.
    """
    size = os.fstat(film.fileno()).st_size
    start = film.read(12)
    end = 0
    if start[:4] == b"RIFF":
        end = _end_of_riff(film, size)
    elif int.from_bytes(start[:4], "big") == _EBML_HEADER:
        end = _end_of_matroska(film)
    elif start[4:8] in (b"ftyp", b"wide", b"free", b"skip", *_MP4_BOXES_THAT_MATTER):
        end = _end_of_boxes(film, size)
    film.seek(0)
    return max(0, end - size)


def _end_of_boxes(film: BinaryIO, size: int) -> int:
    """End of the last box of an MP4 file that begins inside the file (ISO 14496-12, 4.2)."""
    position = 0
    while position + 8 <= size:
        film.seek(position)
        header = film.read(16)
        length, kind = int.from_bytes(header[:4], "big"), header[4:8]
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        if length < 8:  # 0: to the end of the file
            return size
        position += length
        if position > size and kind not in _MP4_BOXES_THAT_MATTER:
            return size  # padding that some cameras append
    return position


def _end_of_riff(film: BinaryIO, size: int) -> int:
    """End of the last RIFF chunk of an AVI file, 0 if its size is not known; long films have several (OpenDML)."""
    position = 0
    while position + 8 <= size:
        film.seek(position)
        header = film.read(8)
        if header[:4] != b"RIFF":
            break
        length = int.from_bytes(header[4:], "little")
        if length in (0, 0xFFFFFFFF):  # written into a pipe: nobody could go back and fill it in
            return 0
        position += 8 + length + length % 2
    return position


def _end_of_matroska(film: BinaryIO) -> int:
    """End of the segment of a Matroska file, 0 if its size is not known, as in a live recording (RFC 8794)."""
    film.seek(4)
    length = _read_ebml_size(film)
    film.seek(film.tell() + length)
    if int.from_bytes(film.read(4), "big") != _EBML_SEGMENT:
        return 0
    length = _read_ebml_size(film)
    return film.tell() + length if length >= 0 else 0


def _read_ebml_size(film: BinaryIO) -> int:
    """A variable-length size; -1 for the reserved value that means unknown."""
    first = film.read(1)
    if not first or first[0] == 0:
        return 0
    width = 9 - first[0].bit_length()
    value = int.from_bytes(bytes([first[0] & (0xFF >> width)]) + film.read(width - 1), "big")
    return -1 if value == (1 << 7 * width) - 1 else value
