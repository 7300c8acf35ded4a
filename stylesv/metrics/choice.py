"""The best snapshot of a run: the one with the best score, which is the lowest distance; of equal ones, the earliest."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stylesv.config.protocol import require_one_protocol
from stylesv.errors import DataError
from stylesv.files import write_text
from stylesv.metrics.score import read_score


def choose_best(scores: Sequence[Path]) -> dict[str, Any]:
    """The choice among the scores of one run's snapshots: kimg, score, and its networks, relative to the run's folder.

    Raises:
        ConfigError: they were made under different protocols.
        DataError: they are of different runs.
    """
    read = {str(path): read_score(path) for path in scores}
    require_one_protocol([(name, score.protocol) for name, score in read.items()])
    runs = {score.scored.run for score in read.values()}
    if len(runs) > 1:
        raise DataError(f"the best snapshot is chosen within one run, but the scores are of {', '.join(sorted(runs))}")
    sign = -1 if next(iter(read.values())).protocol.settings.higher_is_better else 1
    best = min(read.values(), key=lambda score: (sign * score.value, score.scored.kimg))
    return {
        "run": best.scored.run,
        "kimg": best.scored.kimg,
        "networks": f"{best.scored.kimg}/networks.safetensors",
        "metric": best.label,
        "value": best.value,
        "protocol": f"{best.protocol.name}-{best.protocol.key}",
        "of_kimgs": sorted(score.scored.kimg for score in read.values()),
    }


def chosen_networks(path: Path) -> Path:
    """The networks that a choice in a run's folder names.

    Raises:
        DataError: it is missing or is not a choice.
    """
    try:
        choice = json.loads(path.read_text(encoding="utf-8"))
        return path.parent.parent / choice["networks"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: is not a choice of a snapshot ({error!r}); delete it to make it again") from error


def write_choice(path: Path, choice: dict[str, Any]) -> None:
    """Write a choice as JSON."""
    write_text(path, json.dumps(choice, indent=2) + "\n")
