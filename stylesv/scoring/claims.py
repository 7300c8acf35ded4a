"""Is what a score says of itself true? A run, a snapshot and a data set are names that somebody typed."""

import re
from pathlib import Path

from stylesv.errors import DataError
from stylesv.records.score import RealClipSet, ScoredRun
from stylesv.records.snapshot import Snapshot


def require_claims(scored: ScoredRun, snapshot: Snapshot, networks: Path, real: RealClipSet, reference: Path) -> None:
    """Check that a snapshot and a reference are those that a score will be said to be of.

    Raises:
        DataError: the snapshot is of another length of training or of another run's recipe, or the real clips are of another
            data set.
    """
    key = re.search(r"-([0-9a-f]{8})$", scored.run)
    claims = [
        (networks, "kimg", scored.kimg, snapshot.kimg, "--kimg"),
        (networks, "recipe", key and key[1], key and snapshot.recipe_key, "--run"),
        (reference, "data set", scored.dataset, real.dataset, "--dataset"),
    ]
    for path, what, claimed, found, option in claims:
        if claimed is not None and found is not None and claimed != found:
            raise DataError(f"{path}: is of {what} {found}, not of {claimed}; give the right file, or mend {option}")
