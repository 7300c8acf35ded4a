"""The best snapshot of a run: the one with the best score among those whose clips move; of equal ones, the earliest."""

from collections.abc import Sequence
from pathlib import Path

from stylesv.errors import DataError
from stylesv.records.best_snapshot import Candidate, best_snapshot
from stylesv.records.choice import Choice
from stylesv.records.protocol import require_one_protocol
from stylesv.records.score import Score, read_score


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
    found = list(read.values())
    candidates = [Candidate(score.scored.kimg, score.value, score.warnings) for score in found]
    chosen = best_snapshot(candidates, found[0].protocol.settings)
    best = found[chosen.place]
    return Choice(
        run=best.scored.run,
        kimg=best.scored.kimg,
        networks=f"{best.scored.kimg}/networks.safetensors",
        metric=best.label,
        value=best.value,
        protocol=best.protocol.choice.id,
        of_kimgs=tuple(sorted(score.scored.kimg for score in found)),
        moving_kimgs=None if chosen.moving is None else _moving(found, chosen.moving),
        reason=chosen.reason,
    )


def _moving(scores: Sequence[Score], moving: Sequence[bool]) -> tuple[int, ...]:
    return tuple(sorted(score.scored.kimg for score, moves in zip(scores, moving, strict=True) if moves))
