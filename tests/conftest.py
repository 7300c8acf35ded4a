"""Shared by all tests: annotations are checked at run time, and the golden vectors are found."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from beartype.claw import beartype_packages
from golden_folder import find_golden_dir
from jaxtyping import install_import_hook
from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).resolve().parent.parent


def _names_arrays(part: Path) -> bool:
    return any(
        "from jaxtyping import" in path.read_text() for path in (part.rglob("*.py") if part.is_dir() else [part])
    )


# shapes are checked where there are any: jaxtyping's wrapper costs 20 us a call, and a plan of all settings makes 30,000
_PARTS = {
    f"stylesv.{part.stem}": _names_arrays(part)
    for part in (ROOT / "stylesv").glob("[!_]*")
    if part.suffix in ("", ".py")
}
install_import_hook([name for name, has_arrays in _PARTS.items() if has_arrays], "beartype.beartype")
beartype_packages([name for name, has_arrays in _PARTS.items() if not has_arrays])


def pytest_configure(config: pytest.Config) -> None:
    """A folder of vectors that is named must be there, or the project's own would be taken in its place unseen."""
    if not find_golden_dir().is_dir():
        raise pytest.UsageError(f"STYLESV_GOLDEN: no folder {find_golden_dir()}")


def pytest_report_header(config: pytest.Config) -> str:
    """Which golden vectors are compared with."""
    return f"golden vectors: {find_golden_dir()}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, so that several processes end together."""
    items.sort(key=lambda item: [item.get_closest_marker(mark) is None for mark in ("workflow", "long", "slow")])


ONE_CLUSTER = ("test_cluster.py", "test_object_storage.py")


class ByFile(LoadScopeScheduling):
    """Tests of one file run in one process, which makes their fixtures once; so do those that share a Slurm or a storage."""

    def _split_scope(self, nodeid: str) -> str:
        file = Path(nodeid.split("::", 1)[0])
        return str(file.parent if file.name in ONE_CLUSTER else file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log) -> ByFile:
    """How tests are shared among the processes of `pytest -n`."""
    return ByFile(config, log)


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(autouse=True)
def number_of_threads() -> Iterator[None]:
    """A test leaves it as it was: more threads than cores that are free spin, and all later tests take ten times as long."""
    before = torch.get_num_threads()
    yield
    after = torch.get_num_threads()
    torch.set_num_threads(before)
    assert after == before, "the test changed the number of threads of its process"


@pytest.fixture
def double_precision() -> Iterator[None]:
    """Networks are made, and computed, in float64."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture(scope="session")
def golden_dir() -> Path:
    """Folder of golden vectors."""
    return find_golden_dir()


@pytest.fixture
def has_cpp() -> None:
    """A test that compares the C++ form of an operation, which not every machine has, with another."""
    from stylesv.ops.backend import active_backend  # after the hook on imports

    name, reason = active_backend("cpu")
    if name != "cpp":
        pytest.skip(f"no C++ form here: {reason}")
