"""The bookkeeping of training: when a regulariser has its turn, and the numbers that change from step to step.

docs/model.md 4.5 to 7.2; StyleGAN2 (lazy regularisation), ADA (adaptive probability). Different from the published code on
purpose: the augmentation probability has an upper bound (docs/differences.md 2.18).
"""

Betas = tuple[float, float]


def lazy_gain(step: int, interval: int | None) -> int:
    """What a regulariser's loss is multiplied by at a step, to make up for the steps that leave it out; 0 at those.

    It has every `interval`-th step, the first among them; None: none at all.
    """
    return 0 if interval is None or step % interval else interval


def lazy_adam(lr: float, betas: Betas, interval: int | None) -> tuple[float, Betas]:
    """Learning rate and betas for an optimiser that also steps for a regulariser every `interval` steps.

    StyleGAN2, appendix B: both are set for `interval` / (`interval` + 1) of a step. None: as they are.
    """
    if interval is None:
        return lr, betas
    share = interval / (interval + 1)
    return lr * share, (betas[0] ** share, betas[1] ** share)


def ema_beta(batch_size: int, *, half_life_kclips: float, frames_shown: int, ramp_up: float | None) -> float:
    """Weight of the old average after a step of `batch_size` clips.

    With `ramp_up` the half-life, in clips, is at most that share of the number of frames shown before: clips and frames
    are mixed, as in the published code (docs/differences.md 2.10).
    """
    half_life = half_life_kclips * 1000
    if ramp_up is not None:
        half_life = min(half_life, frames_shown * ramp_up)
    return 0.5 ** (batch_size / max(half_life, 1e-8))


def adapt_probability(
    probability: float,
    *,
    mean_sign: float,
    target_sign: float,
    num_clips: int,
    rise_kclips: float,
    upper_bound: float = 1.0,
) -> float:
    """The augmentation probability after `num_clips` clips on which D's logits had `mean_sign` (ADA, section 3.1)."""
    direction = (mean_sign > target_sign) - (mean_sign < target_sign)
    return min(max(probability + direction * num_clips / (rise_kclips * 1000), 0.0), upper_bound)


def linear_probability(final: float, *, clips_shown: int, rise_kclips: float, upper_bound: float = 1.0) -> float:
    """An augmentation probability that reaches `final` after `rise_kclips` thousand clips and rises on to the bound."""
    return min(final * clips_shown / (rise_kclips * 1000), upper_bound)
