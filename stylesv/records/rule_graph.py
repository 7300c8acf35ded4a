"""The record of an experiment's rules: how many jobs each has, and which feeds which."""

from pathlib import Path

from stylesv.config.base import Settings
from stylesv.errors import ConfigError
from stylesv.records.record_file import read_record, record_yaml


class RuleNode(Settings):
    """A rule."""

    name: str
    """Its name."""
    jobs: int
    """How many jobs it has."""
    depth: int
    """How many jobs there are, one behind the other, before the last of them at most."""


class RuleGraph(Settings):
    """Rules and what flows between them."""

    rules: tuple[RuleNode, ...]
    """Each rule once."""
    edges: tuple[tuple[str, str], ...]
    """Rules whose jobs make what those of another read: (maker, reader); a rule may feed itself."""


def read_rule_graph(path: Path) -> RuleGraph:
    """Read a graph of rules.

    Raises:
        ConfigError: it is missing or is none.
    """
    return read_record(path, RuleGraph, what="graph of rules", advice="delete it to make it again", error=ConfigError)


def rule_graph_yaml(graph: RuleGraph) -> str:
    """A graph of rules as `read_rule_graph` reads it."""
    return record_yaml(graph, "The rules that make an experiment, and which feeds which.")
