"""Mean and covariance of features, summed in float64 around the mean.

The published code sums x and x xT and subtracts (docs/protocols.md 4.1), which loses digits where the mean is large against the
spread. Here sets are merged by the pairwise update of Chan, Golub and LeVeque (1983), so that batches, shards and their
order change the result by rounding only.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Float64

from stylesv.errors import DataError, DetectorError

Covariance = Literal["population", "sample"]


@dataclass(frozen=True)
class Moments:
    """`count` feature vectors, their mean, and their scatter, the sum of (x - mean)(x - mean)T."""

    count: int
    mean: Float64[np.ndarray, "d"]
    scatter: Float64[np.ndarray, "d d"]

    @classmethod
    def from_features(cls, features: Float[np.ndarray, "n d"]) -> "Moments":
        """Moments of at least one feature vector.

        Raises:
            DataError: there is none.
            DetectorError: one is not finite.
        """
        values = np.asarray(features, np.float64)
        if len(values) == 0:
            raise DataError("no features: at least one clip is needed")
        require_finite(values)
        mean = values.mean(axis=0)
        centred = values - mean
        return cls(len(values), mean, centred.T @ centred)

    def update(self, features: Float[np.ndarray, "n d"]) -> "Moments":
        """These moments with more feature vectors."""
        return self.merge(Moments.from_features(features))

    def merge(self, other: "Moments") -> "Moments":
        """Moments of both sets together.

        Raises:
            DataError: the two have features of different length.
        """
        if len(self.mean) != len(other.mean):
            raise DataError(f"features of length {len(self.mean)} and {len(other.mean)} cannot be merged")
        count = self.count + other.count
        step = other.mean - self.mean
        mean = self.mean + step * (other.count / count)
        between = np.outer(step, step) * (self.count * other.count / count)
        return Moments(count, mean, self.scatter + other.scatter + between)

    def covariance(self, normalisation: Covariance) -> Float64[np.ndarray, "d d"]:
        """Covariance, divided by the count (`population`) or by one less (`sample`).

        Raises:
            DataError: there are fewer than two feature vectors.
        """
        return self.scatter / degrees(self.count, normalisation)


def require_finite(features: Float[np.ndarray, "n d"]) -> None:
    """Check that every feature is a number.

    Raises:
        DetectorError: one is NaN or infinite.
    """
    bad = int((~np.isfinite(features)).any(axis=1).sum())
    if bad:
        raise DetectorError(
            f"features of {bad} of {len(features)} clips are not finite (NaN or infinite); score clips again with a detector "
            "that is whole"
        )


def degrees(count: int, normalisation: Covariance) -> int:
    """What a sum of `count` squares is divided by.

    Raises:
        DataError: `count` is below two.
    """
    if count < 2:
        raise DataError(f"{count} clips have no covariance; at least 2 are needed")
    return count if normalisation == "population" else count - 1
