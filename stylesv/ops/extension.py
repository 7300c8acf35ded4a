"""Builds the C++ forms at first use, keeps their library under the user's cache, and loads it.

The library's name is a hash of all that decides its content, so nothing stale is ever loaded. It is built in a
private folder and moved into place in one step; a lock only saves a second process the same work. Nothing is written
beside the source. `STYLESV_BUILD_DIR` names another folder; where none can be written, a temporary one is used.
"""

import contextlib
import functools
import hashlib
import os
import platform
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import torch

SOURCES = tuple(
    Path(__file__).with_name(f"{name}.cpp") for name in ("filtered_lrelu", "bias_act", "clip_means", "conv3x3")
)
FLAGS = (  # the first that the compiler takes
    ("-O3", "-march=native", "-mprefer-vector-width=512", "-fopenmp"),  # x86; the widest vectors that the processor has
    ("-O3", "-march=native", "-fopenmp"),
    ("-O3", "-fopenmp"),
)


@functools.cache
def load_extension() -> str | None:
    """Load the library into this process, building it if there is none; the reason why not, or None if it is loaded."""
    if os.name != "posix":
        return f"the C++ form is not built on {platform.system()}"
    reason = None
    try:
        name = f"operations-{library_key()}.so"
        folders = build_folders()
        if any(load_library(folder / name) for folder in folders):
            return None
        for folder in folders:
            try:
                return load_or_build(folder, name)
            except OSError as error:
                reason = reason or f"cannot build in {folder}: {error.strerror or error}"
    except OSError as error:  # no source, or no folder for temporary files
        reason = reason or str(error)
    return reason


def load_or_build(folder: Path, name: str) -> str | None:
    """Under a lock, load what another process has built meanwhile, or build it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with build_lock(folder / f"{name}.lock"):
        return None if load_library(folder / name) else build(folder / name)


def library_key() -> str:
    """Hash of the sources, the flags, the torch version and the processor's instruction sets."""
    content = [
        *(source.read_text() for source in SOURCES),
        repr(FLAGS),
        torch.__version__,
        platform.machine(),
        sys.platform,
    ]
    cpu = Path("/proc/cpuinfo")  # Linux; elsewhere a home is seldom shared among processors
    if cpu.exists():
        lines = cpu.read_text().splitlines()
        content += [line for line in lines if line.startswith(("flags", "Features"))][:1]
    return hashlib.sha256("\n".join(content).encode()).hexdigest()[:16]


def build_folders() -> list[Path]:
    """Where the library may be, the preferred folder first."""
    chosen = os.environ.get("STYLESV_BUILD_DIR")
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return [Path(chosen) if chosen else Path(cache) / "stylesv", temporary_folder()]


def temporary_folder() -> Path:
    """A folder of this user's for temporary files: the same each time, unless somebody else made it first."""
    folder = Path(tempfile.gettempdir()) / f"stylesv-{os.getuid()}"
    if folder.exists() and (folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o022):
        return Path(tempfile.mkdtemp(prefix="stylesv-"))
    return folder


def load_library(path: Path) -> bool:
    """Load a library of ours; False if there is none to read, or if it is damaged (that could end the process)."""
    try:
        whole = path.with_suffix(".sha256").read_text() == file_hash(path)
        if whole:
            torch.ops.load_library(path)
    except OSError:
        return False
    return whole


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextlib.contextmanager
def build_lock(path: Path) -> Iterator[None]:
    """Wait for another process that builds the same; the system releases the lock of one that dies."""
    import fcntl  # POSIX only

    with path.open("w") as file:
        with contextlib.suppress(OSError):  # a file system without locks: the same work may be done twice
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def build(path: Path) -> str | None:
    """Build the library, load it, and move it to `path`; the reason if that fails."""
    reason = ""
    for flags in FLAGS:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix="build-") as folder:
            reason = compile_and_load(folder, flags)
            if reason is None:
                with contextlib.suppress(OSError):  # a full disk: it is loaded, and will be built again
                    keep(next(Path(folder).glob("*.so")), path)
                return None
    return reason


def keep(built: Path, path: Path) -> None:
    """Move a library into place, and its hash beside it."""
    digest = built.with_suffix(".sha256")
    digest.write_text(file_hash(built))
    os.replace(built, path)
    os.replace(digest, path.with_suffix(".sha256"))


def compile_and_load(folder: str, flags: tuple[str, ...]) -> str | None:
    """Build in a folder with ninja and load the result; the compiler's first complaint if that fails."""
    with warnings.catch_warnings(), build_environment():
        warnings.simplefilter("ignore")  # about compilers that torch does not know; what counts is the result
        try:
            from torch.utils import cpp_extension  # slow to import, and needs setuptools

            cpp_extension.load(
                name=f"stylesv_ops_{len(flags)}",
                sources=[str(source) for source in SOURCES],
                extra_cflags=list(flags),
                extra_ldflags=["-fopenmp"],
                build_directory=folder,
                is_python_module=False,
            )
        except (RuntimeError, OSError, ImportError) as error:
            return first_complaint(str(error))
    return None


def first_complaint(text: str) -> str:
    """The first line of a compiler's output that says what is wrong."""
    lines = [
        line.strip() for line in text.splitlines() if line.strip() and not line.startswith("[")
    ]  # ninja's own: commands
    telling = [line for line in lines if any(word in line for word in ("error:", "not found", "No such", "cannot"))]
    return (telling or lines or ["the build failed without a message"])[0][:300]


@contextlib.contextmanager
def build_environment() -> Iterator[None]:
    """Let torch find the ninja beside this Python if the environment is not activated, and take any compiler."""
    beside = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", os.defpath)
    changes = {"TORCH_DONT_CHECK_COMPILER_ABI": "ON", "PATH": path if shutil.which("ninja") else f"{path}:{beside}"}
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
