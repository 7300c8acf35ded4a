"""A hash of a text inside it, so that a bit flipped on a disk is an error: of a JSON object, a line of one, YAML, and a table.

It stands last, and is of the bytes without it, so that checking costs one pass and no parsing. A text without one, as earlier
versions wrote them, is taken as it is: a flip in the seal itself leaves a key or a line that no record has.
"""

import hashlib
import re

_OF_OBJECT = re.compile(rb',\n +"(?:file_)?sha256": "([0-9a-f]{64})"\n\}\n\Z')
_OF_LINE = re.compile(rb', "sha256": "([0-9a-f]{16})"\}\Z')
_OF_TEXT = re.compile(rb"(?<=\n)# sha256: ([0-9a-f]{64})\n?\Z")
WAS_CHANGED = "was changed since it was written: its hash is another"


def seal_object(text: str, *, name: str = "sha256", indent: int = 1) -> str:
    """A JSON object, one value a line, with its hash; `name` where it has a `sha256` of its own."""
    return text.removesuffix("\n}\n") + f',\n{" " * indent}"{name}": "{_digest(text.encode())}"\n}}\n'


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


def seal_text(text: str) -> str:
    """Lines of YAML or of a table, with their hash behind a #."""
    return f"{text}# sha256: {_digest(text.encode())}\n"


def unseal_text(content: bytes) -> bytes:
    """What was given to `seal_text`.

    Raises:
        ValueError: it was changed since.
    """
    return _unsealed(content, _OF_TEXT, b"")


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
