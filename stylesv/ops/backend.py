"""Which of the equal implementations is used, chosen in one place and by one setting, `STYLESV_OPS`.

auto        the fastest that works on the tensor's device
cpp         C++ on a CPU, built at first use (`fused.py`)
torch       plain PyTorch, one small matrix product per axis (`banded.py`)
definition  plain PyTorch as the specification has it: insert zeros, then filter (`definition.py`)

What is used and why is logged once; as a warning if the fast form was wanted and cannot be had.
"""

import functools
import logging
import os

import torch

from stylesv.errors import ConfigError
from stylesv.ops.extension import load_extension

CHOICES = ("auto", "cpp", "torch", "definition")

logger = logging.getLogger(__name__)


def active_backend(device: torch.device | str = "cpu") -> tuple[str, str]:
    """Name of the implementation that tensors on `device` get, and the reason in words.

    The first call for a CPU builds the C++ form if it is not in the cache. Raises `ConfigError` if `STYLESV_OPS` is
    not one of the choices above.
    """
    return _backend(os.environ.get("STYLESV_OPS", "auto"), torch.device(device).type)


@functools.cache
def _backend(setting: str, kind: str) -> tuple[str, str]:
    if setting not in CHOICES:
        raise ConfigError(f"STYLESV_OPS is {setting!r}; it must be one of {', '.join(CHOICES)}")
    level = logging.INFO
    if setting in ("torch", "definition"):
        name, reason = setting, f"STYLESV_OPS={setting}"
    elif kind == "cpu":
        complaint = load_extension()
        name, reason = ("cpp", "C++ is built and loaded") if complaint is None else ("torch", complaint)
        level = logging.INFO if complaint is None else logging.WARNING
    else:
        name, reason = "torch", f"there is no faster form for {kind}"
        level = logging.INFO if setting == "auto" else logging.WARNING
    if level == logging.WARNING:
        logger.warning("the %s operations run as plain PyTorch, several times slower: %s", kind, reason)
    else:
        logger.info("the %s operations run as %s: %s", kind, name, reason)
    return name, reason


@functools.cache
def say_not_separable(shape: tuple[int, ...]) -> None:
    """Say once that a filter has no fast form."""
    logger.warning(
        "a %s filter is not separable: it runs as plain PyTorch, several times slower", "x".join(map(str, shape))
    )
