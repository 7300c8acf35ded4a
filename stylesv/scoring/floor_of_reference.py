"""The floor of a protocol, from features of real clips: no clips are read, and no detector and no network are loaded."""

from pathlib import Path

from stylesv.metrics.comparison import floor_of
from stylesv.metrics.features import read_features
from stylesv.records.measured_floor import MeasuredFloor
from stylesv.records.protocol import Protocol, require_one_protocol


def measure_floor(reference: Path, protocol: Protocol) -> MeasuredFloor:
    """What a perfect generator would score against a reference, once for all snapshots.

    Raises:
        CheckpointError, DataError: the reference is missing or damaged.
        ConfigError: it was made under another protocol.
    """
    real = read_features(reference)
    used = protocol.used(real.origin.protocol.detector_sha256)
    require_one_protocol([(str(reference), real.origin.protocol.reference), ("the protocol", used.reference)])
    found = floor_of(real, used, num_generated=used.settings.generated.num_clips)
    return MeasuredFloor(floor=found, protocol=used, real=real.origin.clips)
