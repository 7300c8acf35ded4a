"""Which of the equal implementations is used, chosen in one place and by one setting, `STYLESV_OPS`.

auto        the fastest that works on the tensor's device
cpp         C++ on a CPU, built at first use (`cpp.py`)
triton      Triton on a CUDA device, compiled at first use (`triton_walk.py`)
torch       plain PyTorch, one small matrix product per axis (`banded.py`)
definition  plain PyTorch as docs/operations.md 1.1 has it: insert zeros, then filter (`definition.py`)

What is used and why is logged once; as a warning if the fast form was wanted and cannot be had.
"""

import functools
import importlib
import logging
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from stylesv.errors import ConfigError
from stylesv.ops.extension import load_extension

CHOICES = ("auto", "cpp", "triton", "torch", "definition")

logger = logging.getLogger(__name__)


def active_backend(device: torch.device | str = "cpu") -> tuple[str, str]:
    """Name of the implementation that tensors on `device` get, and the reason in words.

    The first call for a CPU builds the C++ form if it is not in the cache, the first one for a CUDA device compiles a
    small Triton kernel. Raises `ConfigError` if `STYLESV_OPS` is not one of the choices above.
    """
    return _backend(os.environ.get("STYLESV_OPS", "auto"), torch.device(device).type)


def computed_with(device: torch.device | str, *, operations: bool = True) -> dict[str, str]:
    """What decides the last bits of a result besides its settings, by name; `operations`: whether ours computed it."""
    device = torch.device(device)
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    return {
        "torch": torch.__version__.split("+")[0],
        "processor": f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}",
        "threads": str(torch.get_num_threads()),
        "device": gpu or device.type,
        **({"operations": active_backend(device)[0]} if operations else {}),
    }


@contextmanager
def using_operations(name: str) -> Iterator[None]:
    """Computing with one of the choices, whatever `STYLESV_OPS` says outside."""
    before = os.environ.get("STYLESV_OPS")
    os.environ["STYLESV_OPS"] = name
    try:
        yield
    finally:
        if before is None:
            del os.environ["STYLESV_OPS"]
        else:
            os.environ["STYLESV_OPS"] = before


def is_recorded() -> bool:
    """Whether operations are recorded for another program (torch.export, TorchScript): then no size and no number may decide."""
    return torch.compiler.is_exporting() or torch.jit.is_tracing()


@functools.cache
def _backend(setting: str, kind: str) -> tuple[str, str]:
    if setting not in CHOICES:
        raise ConfigError(f"STYLESV_OPS is {setting!r}; it must be one of {', '.join(CHOICES)}")
    level = logging.INFO
    if setting in ("torch", "definition"):
        name, reason = setting, f"STYLESV_OPS={setting}"
    elif kind == "cpu" and setting != "triton":
        name, reason = _fast_or_torch("cpp", load_extension(), "C++ is built and loaded")
        level = logging.INFO if name == "cpp" else logging.WARNING
    elif (kind == "cuda" and setting != "cpp") or (kind == "cpu" and _interpreted()):
        name, reason = _fast_or_torch("triton", triton_complaint(kind), "Triton compiles and runs")
        level = logging.INFO if name == "triton" else logging.WARNING
    else:
        form = "faster" if setting == "auto" else {"cpp": "C++", "triton": "Triton"}[setting]
        name, reason = "torch", f"there is no {form} form for {kind}"
        level = logging.INFO if setting == "auto" else logging.WARNING
    if level == logging.WARNING:
        logger.warning("the %s operations run as plain PyTorch, several times slower: %s", kind, reason)
    else:
        logger.info("the %s operations run as %s: %s", kind, name, reason)
    return name, reason


def _fast_or_torch(name: str, complaint: str | None, praise: str) -> tuple[str, str]:
    return (name, praise) if complaint is None else ("torch", complaint)


def _interpreted() -> bool:
    """Whether Triton's kernels run in its interpreter, as the tests without a GPU do."""
    return os.environ.get("TRITON_INTERPRET") == "1"


def triton_complaint(kind: str) -> str | None:
    """Why Triton cannot be used on this kind of device; None if a small kernel compiles and runs."""
    try:
        probe = importlib.import_module("stylesv.ops.triton_walk").probe
    except ImportError as error:  # no Triton, or none for this Python
        return f"cannot import triton: {error}"
    try:
        probe(kind)
    except Exception as error:  # Triton raises what its compiler, linker, driver or cache raise: any kind at all
        lines = str(error).strip().splitlines() or ["no message"]
        return f"a Triton kernel does not run here: {type(error).__name__}: {lines[0][:300]}"
    return None


@functools.cache
def say_no_fast_form(name: str, reason: str) -> None:
    """Say once that a call has no fast form."""
    logger.warning("%s, which the %s form does not do, so it runs as plain PyTorch, several times slower", reason, name)
