"""The record of a floor that is measured once for all snapshots of a data set, with what it belongs to."""

from pathlib import Path

from stylesv.config.base import Settings
from stylesv.errors import DataError
from stylesv.records.floor import Floor
from stylesv.records.protocol import UsedProtocol
from stylesv.records.score import RealClipSet
from stylesv.records.sealed_file import read_sealed, write_sealed

_ADVICE = "delete it to make it again"


class MeasuredFloor(Settings):
    """What a perfect generator would score against these real clips under this protocol."""

    floor: Floor | None
    """The floor; null if the protocol asks for none."""
    protocol: UsedProtocol
    """The protocol, with the detector that was run."""
    real: RealClipSet
    """The real clips."""

    def require(self, path: Path, protocol: UsedProtocol, real: RealClipSet) -> None:
        """Check that it is the floor of these clips under this protocol.

        Raises:
            DataError: it is another's.
        """
        if (self.protocol, self.real) != (protocol, real):
            raise DataError(f"{path}: is the floor of other clips or of another protocol; {_ADVICE}")


def read_measured_floor(path: Path) -> MeasuredFloor:
    """Read a floor.

    Raises:
        DataError: it is missing, was edited, or is not a floor.
    """
    return read_sealed(path, MeasuredFloor, what="floor of a score", advice=_ADVICE)


def write_measured_floor(path: Path, floor: MeasuredFloor) -> None:
    """Write a floor as readable JSON with its hash."""
    write_sealed(path, floor)
