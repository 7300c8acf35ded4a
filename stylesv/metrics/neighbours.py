"""Precision, recall, density and coverage from nearest neighbours, and generated clips that are copies of real ones.

The first two are Kynkäänniemi et al. 2019, the others Naeem et al. 2020 (`prdc`): around every clip lies a ball that
reaches to its k-th nearest neighbour of its own side. Precision is the share of generated clips in any ball of a real one,
recall the share of real clips in any ball of a generated one; density counts the balls of real clips that a generated one
is in, over k; coverage is the share of real clips in whose ball a generated one is. Precision and density fall when clips
look wrong, recall and coverage when kinds of clips are missing.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Float64, Int
from torch import Tensor

from stylesv.errors import DataError

FIDELITY_NAMES = ("precision", "recall", "density", "coverage")
COPY_SHARE = 0.5  # of the usual distance between real videos: nearer is a copy (docs/protocols.md 7.4)


@dataclass(frozen=True)
class Nearest:
    """For each generated clip its nearest real one, beside how far real clips are from those of other videos."""

    real: Int[np.ndarray, "m"]
    """Number of the nearest real clip."""
    distance: Float64[np.ndarray, "m"]
    """Its distance."""
    between_real: Float64[np.ndarray, "_"]
    """Distance of each real clip from the nearest of another video; empty for a single video."""

    @property
    def copy_distance(self) -> float:
        """Below this distance a generated clip counts as a copy; 0 where real clips cannot tell."""
        return COPY_SHARE * float(np.median(self.between_real)) if len(self.between_real) else 0.0

    @property
    def real_share(self) -> float:
        """Share of real clips that are as near to one of another video."""
        return float(np.mean(self.between_real <= self.copy_distance)) if len(self.between_real) else 0.0

    @property
    def copies(self) -> Bool[np.ndarray, "m"]:
        """Which generated clips are copies."""
        return self.distance <= self.copy_distance


def fidelity(real: Float[np.ndarray, "n d"], generated: Float[np.ndarray, "m d"], *, nearest: int) -> dict[str, float]:
    """The numbers of `FIDELITY_NAMES` with balls to the `nearest`-th neighbour.

    Raises:
        DataError: a side has no more clips than that.
    """
    if min(len(real), len(generated)) <= nearest:
        raise DataError(
            f"{len(real)} real and {len(generated)} generated clips have no {nearest}-th neighbours; more than {nearest} of "
            "either are needed"
        )
    x, y = _centred(real, generated)
    between = _distances(x, y)
    real_radii, generated_radii = _radii(x, nearest), _radii(y, nearest)
    in_real = between < real_radii[:, None]
    return {
        "precision": float(in_real.any(dim=0).double().mean()),
        "recall": float((between < generated_radii).any(dim=1).double().mean()),
        "density": float(in_real.double().sum(dim=0).mean()) / nearest,
        "coverage": float((between.amin(dim=1) < real_radii).double().mean()),
    }


def nearest_real(
    real: Float[np.ndarray, "n d"], videos: Int[np.ndarray, "n"], generated: Float[np.ndarray, "m d"]
) -> Nearest:
    """The nearest real clip of each generated one; `videos` has the video of each real clip."""
    x, y = _centred(real, generated)
    place = _distances(y, x).argmin(dim=1)
    distance = (y - x[place]).norm(dim=1)  # of a copy it is 0, where a difference of squares is not
    within = _distances(x, x)
    number = torch.from_numpy(np.asarray(videos))
    within[number[:, None] == number] = float("inf")
    of_others = within.amin(dim=1).numpy()
    return Nearest(place.numpy(), distance.numpy(), of_others[np.isfinite(of_others)])


def _centred(
    real: Float[np.ndarray, "n d"], generated: Float[np.ndarray, "m d"]
) -> tuple[Float64[Tensor, "n d"], Float64[Tensor, "m d"]]:
    """Around the real mean, so that squares do not lose the digits of small distances."""
    centre = np.asarray(real, np.float64).mean(axis=0)
    return torch.from_numpy(real - centre), torch.from_numpy(generated - centre)


def _distances(x: Float64[Tensor, "n d"], y: Float64[Tensor, "m d"]) -> Float64[Tensor, "n m"]:
    squares = x.square().sum(dim=1)[:, None] + y.square().sum(dim=1) - 2 * x @ y.T
    return squares.clamp(min=0).sqrt()


def _radii(x: Float64[Tensor, "n d"], nearest: int) -> Float64[Tensor, "n"]:
    """Distance of each clip from its `nearest`-th neighbour, itself not counted."""
    return _distances(x, x).fill_diagonal_(0).kthvalue(nearest + 1, dim=1).values
