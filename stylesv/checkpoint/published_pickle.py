"""Snapshots of StyleSV and StyleGAN-V training, read without running anything in them (docs/differences.md 2.20).

Such a snapshot is a pickle of whole objects with their source code, which the published loader executes. Here every
class is replaced by an inert shell that keeps its state, nothing is imported by name, the source is ignored,
and every name outside the list below is refused.
"""

import collections
import math
import pickle
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jaxtyping import Shaped
from torch import Tensor

from stylesv.checkpoint.legacy_storage import read_storage, refuse, refuse_size
from stylesv.checkpoint.pickle_budget import looked_through
from stylesv.errors import CheckpointError, cannot_be_read, machine_trouble
from stylesv.files import require_file


class Shell:
    """An object whose class was named but not imported; it keeps the state that it was pickled with."""

    def __new__(cls, *_arguments: Any) -> "Shell":
        shell = object.__new__(cls)
        shell.state = {}
        return shell

    def __setstate__(self, state: Any) -> None:
        self.state = state


class PersistentShell(Shell):
    """An object of a class whose source travels with it (StyleGAN's persistence); the source is not looked at."""

    def __new__(cls, meta: dict[str, Any]) -> "PersistentShell":
        shell = object.__new__(cls)
        shell.state = meta["state"]
        return shell


class ShellDict(dict):
    """A dictionary of a class that was not imported."""

    def __setstate__(self, state: Any) -> None:
        """Attributes beside the items are not kept."""


def _rebuild_tensor(
    storage: Shaped[Tensor, "values"], offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any
) -> Shaped[Tensor, "..."]:
    if math.prod(size) > storage.numel():
        refuse_size(size, storage.numel())
    return storage.as_strided(size, stride, offset)


def _encode_latin1(text: str, _encoding: str) -> bytes:
    """Bytes, in pickles of protocol 2."""
    return text.encode("latin1")


def _rebuild_parameter(tensor: Tensor, *_: Any) -> Tensor:
    return tensor


_ALLOWED: dict[str, Callable[..., Any]] = {
    **{f"builtins.{kind.__name__}": kind for kind in (dict, list, tuple, set, int, float, bool, str)},
    "collections.OrderedDict": collections.OrderedDict,
    "collections.defaultdict": collections.defaultdict,
    "_codecs.encode": _encode_latin1,
    "torch.Size": tuple,
    "torch.storage._load_from_bytes": read_storage,
    "torch._utils._rebuild_tensor": _rebuild_tensor,
    "torch._utils._rebuild_tensor_v2": _rebuild_tensor,
    "torch._utils._rebuild_parameter": _rebuild_parameter,
    "torch._utils._rebuild_parameter_with_state": _rebuild_parameter,
}
_PERSISTENT = re.compile(r"(\w+\.)*torch_utils\w*\.persistence\._reconstruct_persistent_obj")
_DICTIONARY = re.compile(r"(\w+\.)*dnnlib\.util\.EasyDict")
_SHELL = re.compile(
    r"(src\.)?training\.\w+\.\w+"
    r"|omegaconf\.(base|dictconfig|listconfig|nodes)\.\w+"
    r"|torch\.(nn\.modules|optim)\.\w+\.\w+"
    r"|torch\.(device|float16|float32|float64|int64|int32|uint8)"
    r"|numpy\.(ndarray|dtype|(_core|core)\.(multiarray\.(_reconstruct|scalar)|numeric\._frombuffer))"
    r"|typing\.Any"
)


class _InertUnpickler(pickle.Unpickler):
    """Gives a harmless stand-in for every name that a published checkpoint needs, and refuses every other."""

    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        module = {"__builtin__": "builtins"}.get(module, module)  # up to protocol 2
        full = f"{module}.{name}"
        if full in _ALLOWED:
            return _ALLOWED[full]
        if _PERSISTENT.fullmatch(full):
            return PersistentShell
        if _DICTIONARY.fullmatch(full):
            return ShellDict
        if _SHELL.fullmatch(full):
            return Shell
        refuse(module, name)


# what a damaged pickle can raise while it is read
_DAMAGE = (
    pickle.UnpicklingError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
)


def _reason(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    if "truncated" in text or "cut short" in text:
        return "truncated; fetch it again"
    if "invalid load key" in text:
        return f"not a pickle ({text}); give a snapshot (.pkl) that StyleSV or StyleGAN-V training wrote"
    return f"damaged ({text}); fetch it again"


def _has_memory_for(path: Path) -> bool:
    """Whether a whole file of this size could be read: then one that asks for more than there is is damaged."""
    try:
        bytearray(2 * path.stat().st_size)
    except MemoryError:
        return False
    return True


def read_pickle(path: Path) -> dict[str, Any]:
    """The content of a published snapshot, classes as shells and tensors on the CPU.

    Raises:
        CheckpointError: the file is missing, truncated, damaged, no snapshot, or asks for a name that is not allowed;
            the message has the name, and nothing in the file was run.
        MachineError: memory ran out.
    """
    path = Path(path)
    try:
        require_file(path)
        with open(path, "rb") as file:
            if file.read(2) == b"PK":
                raise CheckpointError(
                    "a zip file, as torch.save and the published convert.py write: it has no options to build networks "
                    "by; give the snapshot (.pkl) that training wrote"
                )
            file.seek(0)
            content = _InertUnpickler(looked_through(file)).load()
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror})") from error
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    except (EOFError, struct.error) as error:
        raise CheckpointError(f"{path}: truncated; fetch it again") from error
    except _DAMAGE as error:
        if machine_trouble(error) and not _has_memory_for(path):
            raise cannot_be_read(path, error) from error
        raise CheckpointError(f"{path}: {_reason(error)}") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path}: holds a {type(content).__name__}, not a snapshot; give a snapshot of training")
    return content
