"""What stands beside a Fréchet score and comes from the same features: kernel distance, fidelity, memorisation.

Every number stands beside that of real clips: one half of the real videos against the other, as if it were generated.
"""

import numpy as np
from jaxtyping import Float, Int

from stylesv.config.beside import NeighbourSettings
from stylesv.config.protocol import KernelSettings
from stylesv.metrics.features import FeatureSet
from stylesv.metrics.kernel import kernel_distance
from stylesv.metrics.neighbours import fidelity, nearest_real
from stylesv.records.beside import FidelityScore, Memorisation, NearestPair
from stylesv.records.warning import ScoreWarning
from stylesv.seeding import numpy_generator

UNUSUAL = 3  # times as many copies as real clips have among themselves are no chance
NUM_PAIRS = 6  # pairs that are shown


def fidelity_scores(real: FeatureSet, generated: FeatureSet) -> tuple[FidelityScore, ...]:
    """Kernel distance, precision, recall, density and coverage, as far as the protocol asks for them."""
    settings = generated.origin.protocol.settings
    if not settings.is_frechet or real.features is None or generated.features is None:
        return ()
    found: dict[str, tuple[float, float | None]] = {}
    halves = _halves(
        real, settings.neighbours.seed if settings.neighbours else settings.kernel.seed if settings.kernel else 0
    )
    if settings.kernel is not None:
        found["kernel"] = (
            kernel_of(real.features, generated.features, settings.kernel),
            None if halves is None else kernel_of(*halves, settings.kernel),
        )
    if settings.neighbours is not None:
        made = _fidelity(real.features, generated.features, settings.neighbours)
        taken = {} if halves is None else _fidelity(*halves, settings.neighbours)
        found |= {name: (value, taken.get(name)) for name, value in made.items()}
    return tuple(FidelityScore(name=name, generated=made, real=taken) for name, (made, taken) in found.items())


def memorisation_of(real: FeatureSet, generated: FeatureSet) -> Memorisation | None:
    """How near generated clips come to real ones; None if the protocol does not ask, or only moments are known."""
    settings = generated.origin.protocol.settings.neighbours
    if settings is None or real.features is None or generated.features is None:
        return None
    chosen = [_chosen(len(side.features), settings, kind) for side, kind in ((real, "real"), (generated, "generated"))]
    found = nearest_real(real.features[chosen[0]], real.groups[chosen[0]], generated.features[chosen[1]])
    pairs = [
        NearestPair(
            generated=int(chosen[1][place]),
            real=int(chosen[0][found.real[place]]),
            distance=float(found.distance[place]),
        )
        for place in np.argsort(found.distance, kind="stable")[:NUM_PAIRS]
    ]
    return Memorisation(
        generated_distance=float(np.median(found.distance)),
        real_distance=float(np.median(found.between_real)) if len(found.between_real) else None,
        copy_distance=found.copy_distance,
        real_share=found.real_share,
        copies=int(found.copies.sum()),
        clips=len(found.distance),
        pairs=tuple(pairs),
    )


def copy_warnings(found: Memorisation | None) -> tuple[ScoreWarning, ...]:
    """A warning for a score whose generated clips are real ones; empty if no more are than real videos are alike."""
    if found is None or found.copies <= UNUSUAL * found.real_share * found.clips:
        return ()
    apart = (
        ""
        if found.real_distance is None
        else f", where real clips of different videos are {found.real_distance:.3g} apart"
    )
    sentence = (
        f"{found.copies} of {found.clips} generated clips are copies of real ones, or nearly (in features no further than "
        f"{found.copy_distance:.3g}{apart}): the score says little about a generator."
    )
    return (ScoreWarning(code="copies", sentence=sentence),)


def kernel_of(real: Float[np.ndarray, "n d"], generated: Float[np.ndarray, "m d"], settings: KernelSettings) -> float:
    """Kernel distance as a protocol has it."""
    return kernel_distance(
        real,
        generated,
        subsets=settings.subsets,
        max_subset_size=settings.max_subset_size,
        random=numpy_generator(settings.seed, "kernel subsets"),
    )


def _fidelity(
    real: Float[np.ndarray, "n d"], generated: Float[np.ndarray, "m d"], settings: NeighbourSettings
) -> dict[str, float]:
    if min(len(real), len(generated)) <= settings.nearest:
        return {}
    x, y = (side[_chosen(len(side), settings, kind)] for side, kind in ((real, "real"), (generated, "generated")))
    return fidelity(x, y, nearest=settings.nearest)


def _halves(real: FeatureSet, seed: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Real clips of one half of the videos and of the other; None for fewer than two clips in a half."""
    _, number = np.unique(real.groups, return_inverse=True)
    order = numpy_generator(seed, "real halves").permutation(int(number.max()) + 1)
    first = np.isin(number, order[: len(order) // 2])
    if min(int(first.sum()), int((~first).sum())) < 2:
        return None
    return real.features[first], real.features[~first]


def _chosen(count: int, settings: NeighbourSettings, kind: str) -> Int[np.ndarray, "k"]:
    """Numbers of the clips that count: all, or a seeded choice of `max_clips`."""
    if count <= settings.max_clips:
        return np.arange(count)
    random = numpy_generator(settings.seed, f"neighbours of {kind} clips")
    return np.sort(random.choice(count, settings.max_clips, replace=False))
