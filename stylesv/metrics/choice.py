"""The best snapshot of a run: the one with the best score among those whose clips move; of equal ones, the earliest."""

from collections.abc import Sequence

from stylesv.errors import DataError
from stylesv.records.best_snapshot import Candidate, best_snapshot
from stylesv.records.choice import Choice
from stylesv.records.protocol import require_one_protocol
from stylesv.records.score import Score


def choose_best(scores: Sequence[Score]) -> Choice:
    """The choice among the scores of one run's snapshots.

    Raises:
        ConfigError: they were made under different protocols.
        DataError: they are of different runs.
    """
    require_one_protocol([(f"{score.scored.run} at {score.scored.kimg} kimg", score.protocol) for score in scores])
    runs = {score.scored.run for score in scores}
    if len(runs) > 1:
        raise DataError(f"the best snapshot is chosen within one run, but the scores are of {', '.join(sorted(runs))}")
    candidates = [Candidate(score.scored.kimg, score.value, score.warnings, score.motion) for score in scores]
    chosen = best_snapshot(candidates, scores[0].protocol.settings)
    best = scores[chosen.place]
    return Choice(
        run=best.scored.run,
        kimg=best.scored.kimg,
        networks=f"{best.scored.kimg}/networks.safetensors",
        metric=best.label,
        value=best.value,
        protocol=best.protocol.choice.id,
        of_kimgs=tuple(sorted(score.scored.kimg for score in scores)),
        moving_kimgs=None if chosen.moving is None else _moving(scores, chosen.moving),
        reason=chosen.reason,
    )


def _moving(scores: Sequence[Score], moving: Sequence[bool]) -> tuple[int, ...]:
    return tuple(sorted(score.scored.kimg for score, moves in zip(scores, moving, strict=True) if moves))
