"""Files that hold tensors: snapshots (networks), training states, features."""

from stylesv.checkpoint.networks_file import read_networks, write_networks
from stylesv.checkpoint.tensor_file import read_tensors, write_tensors

__all__ = ["read_networks", "read_tensors", "write_networks", "write_tensors"]
