"""Motion of generated clips against that of real ones: distributions, shares of clips, directions (docs/protocols.md 7.3)."""

import numpy as np
from jaxtyping import Bool, Float

from stylesv.metrics.motion import ClipMotion
from stylesv.records.motion import (
    LAGS,
    MIN_FLOW_RELATIVE,
    NUMBERS,
    ClipShare,
    Distribution,
    MotionNumber,
    MotionScore,
    still_below,
)

REPEATING = 0.8  # likeness from which a clip repeats itself, unless real ones come near it
CERTAIN_ERRORS = 3  # standard errors that the mean real flow of a cell must have to say where things move
MIN_CLIPS_FOR_FIELD = 4
MIN_CLIPS_FOR_CONTENT = 4


def compare_motion(real: ClipMotion, generated: ClipMotion, *, width_px: int) -> MotionScore:
    """How generated clips move, beside how real ones do; `width_px` is the width of their frames."""
    still = [standing_still(side, real) for side in (generated, real)]
    likeness = repeating_from(real)
    repeating = [
        (side.of("repetition") >= likeness) & ~here for side, here in zip((generated, real), still, strict=True)
    ]
    collapsed = collapsed_contents(real, generated)
    cosine, certain = direction_cosine(real, generated, min_px=MIN_FLOW_RELATIVE / 100 * width_px)
    return MotionScore(
        generated_clips=len(generated.numbers),
        generated_frames=generated.num_frames,
        real_clips=len(real.numbers),
        real_frames=real.num_frames,
        numbers=tuple(
            MotionNumber(name=name, generated=distribution(generated.of(name)), real=distribution(real.of(name)))
            for name in NUMBERS
        ),
        shares=(
            ClipShare(name="still", generated=_share(still[0]), real=_share(still[1])),
            ClipShare(name="repeating", generated=_share(repeating[0]), real=_share(repeating[1])),
            ClipShare(name="collapsed", generated=collapsed[0], real=collapsed[1]),
        ),
        direction_cosine=cosine,
        certain_cells=certain,
    )


def distribution(values: Float[np.ndarray, "n"]) -> Distribution | None:
    """Mean and quantiles over clips, those without the number (NaN) left out; None where no clip has it."""
    found = values[~np.isnan(values)].astype(np.float64)
    if not len(found):
        return None
    low, median, high = np.quantile(found, (0.05, 0.5, 0.95))
    error = float(found.std(ddof=1) / np.sqrt(len(found))) if len(found) > 1 else None
    mean = float(found.mean())
    return Distribution(mean=mean, error=error, low=low, median=median, high=high, clips=len(found))


def standing_still(clips: ClipMotion, real: ClipMotion) -> Bool[np.ndarray, "n"]:
    """Which clips change by less than a tenth of the real median, or less than a tenth of a grey level, at every lag."""
    still = np.ones(len(clips.numbers), bool)
    for lag in LAGS:
        name = f"difference_{lag}"
        wanted = distribution(real.of(name))
        limit = still_below(wanted.median if wanted else None)
        found = clips.of(name)
        still &= np.isnan(found) | (found < limit)
    return still


def repeating_from(real: ClipMotion) -> float:
    """The likeness of its parts from which a clip repeats itself: 0.8, or half-way from what real clips reach to 1."""
    wanted = distribution(real.of("repetition"))
    return max(REPEATING, (1 + wanted.high) / 2 if wanted else 0)


def collapsed_contents(real: ClipMotion, generated: ClipMotion) -> tuple[float | None, float | None]:
    """Shares of generated and of real clips whose content is nearly that of another clip of their own side.

    A distance to the nearest one falls with the number of clips, so equally many of both sides are taken. Nearly: at less than
    half of the distance that 95 % of real clips keep, or a quarter of their median one. None for fewer than four clips.
    """
    count = min(len(real.content), len(generated.content))
    if count < MIN_CLIPS_FOR_CONTENT:
        return None, None
    kept, found = (_nearest(side.content[:count]) for side in (real, generated))
    low, median = np.quantile(kept, (0.05, 0.5))
    limit = max(low / 2, median / 4)
    return _share(found < limit), _share(kept < limit)


def direction_cosine(real: ClipMotion, generated: ClipMotion, *, min_px: float) -> tuple[float | None, float]:
    """Mean cosine between the mean flow of both sides over the cells where the real one is certain, and the share of these.

    Certain: it is larger than `min_px`, and than three standard errors of a mean over as many clips as the smaller side has;
    so a perfect generator with as many clips has a certain field there, too.
    """
    count = min(len(real.field), len(generated.field))
    if count < MIN_CLIPS_FOR_FIELD:
        return None, 0.0
    wanted, found = (side.field.astype(np.float64).mean(axis=0) for side in (real, generated))
    error = np.sqrt(real.field.astype(np.float64).var(axis=0, ddof=1).sum(axis=-1) / count)
    length = np.linalg.norm(wanted, axis=-1)
    certain = (length > CERTAIN_ERRORS * error) & (length > min_px)
    if not certain.any():
        return None, 0.0
    product = length * np.linalg.norm(found, axis=-1)
    cosine = (wanted * found).sum(axis=-1) / np.maximum(product, 1e-12)
    return float(cosine[certain].mean()), _share(certain)


def _nearest(content: Float[np.ndarray, "n pixels"]) -> Float[np.ndarray, "n"]:
    """Root mean square difference of each clip's small picture to the most similar other one, in grey levels."""
    rows = content.astype(np.float64)
    squares = np.array([((rows - row) ** 2).mean(axis=1) for row in rows])
    np.fill_diagonal(squares, np.inf)
    return np.sqrt(squares.min(axis=1))


def _share(true: Bool[np.ndarray, "..."]) -> float:
    return float(true.mean())
