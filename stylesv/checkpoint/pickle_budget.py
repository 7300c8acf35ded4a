"""How much a pickle may ask for: a few kilobytes can make a reader fill its memory, or never end."""

import io
import pickletools

from stylesv.errors import CheckpointError

MOST_OPERATIONS = 2_000_000  # a published snapshot has some 100,000
MOST_VALUES = 500_000  # options and layers, with everything that is referred to more than once
_MEMO = ("PUT", "BINPUT", "LONG_BINPUT")


def looked_through(file: io.BufferedIOBase) -> io.BufferedIOBase:
    """The pickle that begins here, for a reader: its operations were looked at, and nothing of it was built.

    Of a damaged one that is what comes before the damage, so that the reader says what is wrong, and meets nothing else.

    Raises:
        CheckpointError: it has more operations than a snapshot, or would have the reader keep places that it never fills.
    """
    start = file.tell()
    try:
        for count, (operation, argument, _) in enumerate(pickletools.genops(file)):
            if count > MOST_OPERATIONS:
                raise CheckpointError(
                    f"refused: has more than {MOST_OPERATIONS:,} operations, which no published checkpoint needs; get the file "
                    "from its authors"
                )
            if operation.name in _MEMO and not 0 <= argument <= MOST_OPERATIONS:
                raise CheckpointError(
                    f"refused: asks for {argument:,} places to keep values in ({operation.name}), which no published "
                    "checkpoint needs; get the file from its authors"
                )
    except (ValueError, OverflowError, LookupError):
        end = file.tell()
        file.seek(start)
        return io.BytesIO(file.read(end - start))
    file.seek(start)
    return file


class Budget:
    """Counts what is taken from a snapshot: values that refer to each other may be few and yet have no end."""

    def __init__(self) -> None:
        self._left = MOST_VALUES

    def spend(self, count: int = 1) -> None:
        """Count values.

        Raises:
            CheckpointError: there are more than any snapshot has.
        """
        self._left -= count
        if self._left < 0:
            raise CheckpointError(f"refused: holds more than {MOST_VALUES:,} options and layers, or refers to itself")
