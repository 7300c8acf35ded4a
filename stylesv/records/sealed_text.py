"""A hash of a text inside it, so that a bit flipped on a disk is an error: of a JSON object, and of a line of one.

It stands last, under the key `sha256`, and is of the bytes without it, so that checking costs one pass and no parsing. A text
without one, as earlier versions wrote them, is taken as it is: a flip in the key leaves a key that no record has.
"""

import hashlib
import re

_OF_OBJECT = re.compile(rb',\n "sha256": "([0-9a-f]{64})"\n\}\n\Z')
_OF_LINE = re.compile(rb', "sha256": "([0-9a-f]{16})"\}\Z')
WAS_CHANGED = "was changed since it was written: its hash is another"


def seal_object(text: str) -> str:
    """A JSON object, one value a line and indented by one, with its hash."""
    return text.removesuffix("\n}\n") + f',\n "sha256": "{_digest(text.encode())}"\n}}\n'


def unseal_object(content: bytes) -> bytes:
    """What was given to `seal_object`.

    Raises:
        ValueError: it was changed since.
    """
    return _unsealed(content, _OF_OBJECT, b"\n}\n")


def seal_line(line: str) -> str:
    """A JSON object on a line, without its end, with the first 16 digits of its hash."""
    return f'{line.removesuffix("}")}, "sha256": "{_digest(line.encode())[:16]}"}}'


def unseal_line(line: bytes) -> bytes:
    """What was given to `seal_line`.

    Raises:
        ValueError: it was changed since.
    """
    return _unsealed(line, _OF_LINE, b"}")


def _unsealed(content: bytes, seal: re.Pattern[bytes], end: bytes) -> bytes:
    found = seal.search(content, max(0, len(content) - 100))
    if found is None:
        return content
    text = content[: found.start()] + end
    if not _digest(text).startswith(found[1].decode()):
        raise ValueError(WAS_CHANGED)
    return text


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
