"""Files that hold tensors: snapshots (networks), training states, features."""

from stylesv.checkpoint.networks_file import (
    first_not_finite,
    read_networks,
    require_finite_networks,
    write_networks,
)
from stylesv.checkpoint.tensor_file import read_tensors, write_tensors

__all__ = [
    "first_not_finite",
    "read_networks",
    "read_tensors",
    "require_finite_networks",
    "write_networks",
    "write_tensors",
]
