"""The best snapshot of a run: the one with the lowest score; of equal ones, the earliest."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stylesv.config.protocol import require_one_protocol
from stylesv.errors import DataError
from stylesv.files import write_text
from stylesv.metrics.score import read_score


def choose_best(scores: Sequence[Path]) -> dict[str, Any]:
    """The choice among the scores of one run's snapshots: kimg, score, and where the networks are.

    Raises:
        ConfigError: they were made under different protocols.
        DataError: they are of different runs.
    """
    read = {str(path): read_score(path) for path in scores}
    require_one_protocol([(name, score.protocol) for name, score in read.items()])
    runs = {score.scored.run for score in read.values()}
    if len(runs) > 1:
        raise DataError(f"the best snapshot is chosen within one run, but the scores are of {', '.join(sorted(runs))}")
    best_path, best = min(read.items(), key=lambda item: (item[1].value, item[1].scored.kimg))
    snapshot = Path(best_path).parent.parent  # scores stand in {run}/{kimg}/scores/
    return {
        "run": best.scored.run,
        "kimg": best.scored.kimg,
        "networks": str(snapshot / "networks.safetensors"),
        "metric": best.label,
        "value": best.value,
        "protocol": f"{best.protocol.name}-{best.protocol.key}",
        "of_kimgs": sorted(score.scored.kimg for score in read.values()),
    }


def write_choice(path: Path, choice: dict[str, Any]) -> None:
    """Write a choice as JSON."""
    write_text(path, json.dumps(choice, indent=2) + "\n")
