"""Mean and covariance of real clips that others published, as moments: NumPy archives, and pickles of the published code.

A pickle is read without running anything in it: every name but NumPy's arrays is refused. The published code sums x and
x xT (`FeatureStats`), which content-debiased-fvd and StyleGAN-V's cache hold.
"""

import pickle
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from stylesv.errors import DataError, cannot_be_read
from stylesv.metrics.moments import Moments

_NUMPY = ("numpy", "numpy.core.multiarray", "numpy._core.multiarray", "numpy.core.numeric", "numpy._core.numeric")
_DAMAGED = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    tokenize.TokenError,
    SyntaxError,
    struct.error,
)
_NAMES = ("ndarray", "dtype", "_reconstruct", "scalar", "_frombuffer")


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        if module in _NUMPY and name in _NAMES:
            return super().find_class(module.replace("numpy.core", "numpy._core"), name)
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which statistics do not need; nothing was run")


def read_statistics(path: Path) -> Moments:
    """Moments from `.npz` (mean, cov, n) or from a pickle (raw_mean and raw_cov as sums, num_items).

    Raises:
        DataError: it is missing, damaged, or holds something else.
        MachineError: it cannot be read.
    """
    path = Path(path)
    try:
        with np.errstate(all="ignore"):  # what is not finite is refused below
            found = _archive(path) if zipfile.is_zipfile(path) else _pickle(path)
            count, mean, covariance = int(found[0]), *(np.asarray(part, np.float64) for part in found[1:])
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file of statistics") from error
    except (OSError, MemoryError) as error:
        raise cannot_be_read(path, error) from error
    except (*_DAMAGED, LookupError, TypeError, ValueError, AttributeError, RuntimeError, ArithmeticError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DataError(
            f"{path}: is no file of statistics ({reason}); give .npz with mean, cov and n, or the published code's pickle"
        ) from error
    if mean.ndim != 1 or covariance.shape != (len(mean), len(mean)) or count < 2:
        raise DataError(
            f"{path}: {count} clips, mean {mean.shape} and covariance {covariance.shape} do not fit each other"
        )
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
        raise DataError(f"{path}: holds numbers that are not finite; fetch it again")
    return Moments(count, mean, covariance * count)


def _archive(path: Path) -> tuple[Any, Any, Any]:
    with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:  # NumPy leaves a damaged file open
        return file["n"], file["mean"], file["cov"]


def _pickle(path: Path) -> tuple[Any, Any, Any]:
    with open(path, "rb") as file:
        found = _ArraysOnly(file).load()
    count = found["num_items"]
    mean = np.asarray(found["raw_mean"], np.float64) / count
    return count, mean, np.asarray(found["raw_cov"], np.float64) / count - np.outer(mean, mean)
