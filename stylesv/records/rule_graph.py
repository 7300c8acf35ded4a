"""The record of an experiment's rules: how many jobs each has, and which feeds which."""

from collections import Counter
from collections.abc import Iterable
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


class RuleGraph(Settings):
    """Rules and what flows between them."""

    rules: tuple[RuleNode, ...]
    """Each rule once."""
    edges: tuple[tuple[str, str], ...]
    """Rules whose jobs make what those of another read: (maker, reader); a rule may feed itself."""

    @classmethod
    def of(cls, jobs: Iterable[tuple[str, tuple[str, ...]]]) -> "RuleGraph":
        """From jobs: each the name of its rule, and the rules of the jobs that make its inputs."""
        counts: Counter[str] = Counter()
        edges: set[tuple[str, str]] = set()
        for reader, makers in jobs:
            counts[reader] += 1
            edges |= {(maker, reader) for maker in makers}
        return cls(
            rules=tuple(RuleNode(name=name, jobs=count) for name, count in sorted(counts.items())),
            edges=tuple(sorted(edges)),
        )


def read_rule_graph(path: Path) -> RuleGraph:
    """Read a graph of rules.

    Raises:
        ConfigError: it is missing or is none.
    """
    return read_record(path, RuleGraph, what="graph of rules", advice="delete it to make it again", error=ConfigError)


def rule_graph_yaml(graph: RuleGraph) -> str:
    """A graph of rules as `read_rule_graph` reads it."""
    return record_yaml(graph, "The rules that make an experiment, and which feeds which.")
