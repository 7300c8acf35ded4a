"""The best snapshot of a run: the one with the best score, which is the lowest distance; of equal ones, the earliest."""

from collections.abc import Sequence
from pathlib import Path

from stylesv.errors import DataError
from stylesv.records.choice import Choice
from stylesv.records.protocol import require_one_protocol
from stylesv.records.score import read_score


def choose_best(scores: Sequence[Path]) -> Choice:
    """The choice among the scores of one run's snapshots.

    Raises:
        ConfigError: they were made under different protocols.
        DataError: they are of different runs, or one cannot be read or is not finite.
    """
    read = {str(path): read_score(path) for path in scores}
    require_one_protocol([(name, score.protocol) for name, score in read.items()])
    runs = {score.scored.run for score in read.values()}
    if len(runs) > 1:
        raise DataError(f"the best snapshot is chosen within one run, but the scores are of {', '.join(sorted(runs))}")
    sign = -1 if next(iter(read.values())).protocol.settings.higher_is_better else 1
    best = min(read.values(), key=lambda score: (sign * score.value, score.scored.kimg))
    return Choice(
        run=best.scored.run,
        kimg=best.scored.kimg,
        networks=f"{best.scored.kimg}/networks.safetensors",
        metric=best.label,
        value=best.value,
        protocol=best.protocol.choice.id,
        of_kimgs=tuple(sorted(score.scored.kimg for score in read.values())),
    )
