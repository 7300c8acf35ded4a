"""The graph of an experiment's rules as SVG: layers from top to bottom, drawn here because a page fetches nothing."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from html import escape

from stylesv.records.rule_graph import RuleGraph

Edge = tuple[str, str]
Place = tuple[float, float]  # left, top
BOX = (150, 38)  # pixels
GAP = (14, 36)
SWEEPS = 8  # that bring the boxes of a layer near those they are linked to


@dataclass(frozen=True)
class Layout:
    """Layers of rules from top to bottom, what is drawn from a layer to a lower one, and what leads back up."""

    layers: Sequence[Sequence[str]]
    forward: Sequence[Edge]
    backward: Sequence[Edge]


def lay_out(graph: RuleGraph) -> Layout:
    """Layers of rules. Links that others imply are left out; those that would close a circle lead back up."""
    names = [rule.name for rule in graph.rules]
    last = {rule.name: rule.depth for rule in graph.rules}
    edges = [edge for edge in graph.edges if edge[0] != edge[1]]
    # some jobs of a rule come before, some behind those of another: the last ones say which is drawn above
    backward = [edge for edge in edges if last[edge[0]] >= last[edge[1]]]
    forward = _reduced([edge for edge in edges if edge not in backward])
    depth = _depths(names, forward)
    layers = [[name for name in names if depth[name] == level] for level in range(max(depth.values(), default=-1) + 1)]
    return Layout(_ordered(layers, forward, {target for _, target in backward}), forward, backward)


def draw_rule_graph(graph: RuleGraph) -> str:
    """An `<svg>` of the graph, in the colours of the page around it."""
    layout, jobs = lay_out(graph), {rule.name: rule.jobs for rule in graph.rules}
    again = {source for source, target in graph.edges if source == target}
    widest = max((len(layer) for layer in layout.layers), default=0)
    width, height = widest * (BOX[0] + GAP[0]) + 60, len(layout.layers) * (BOX[1] + GAP[1])
    place = {}
    for level, layer in enumerate(layout.layers):
        left = (width - len(layer) * (BOX[0] + GAP[0]) + GAP[0]) / 2
        place |= {name: (left + n * (BOX[0] + GAP[0]), level * (BOX[1] + GAP[1]) + 4.0) for n, name in enumerate(layer)}
    parts = [
        f'<svg class="graph" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="Rules and what flows between them: {escape(", ".join(jobs))}">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z" class="tip"/></marker></defs>',
    ]
    parts += [_path(place[source], place[target]) for source, target in layout.forward]
    parts += [_path_back(place[source], place[target]) for source, target in layout.backward]
    parts += [_box(name, jobs[name], name in again, *place[name]) for name in jobs]
    return "\n".join([*parts, "</svg>"])


def _reduced(edges: Sequence[Edge]) -> list[Edge]:
    """Without links that longer ways stand for."""
    after: dict[str, set[str]] = {}
    for source, target in edges:
        after.setdefault(source, set()).add(target)

    def reached(name: str) -> set[str]:
        return after.get(name, set()).union(*(reached(each) for each in after.get(name, set())))

    return [(s, t) for s, t in edges if not any(t in reached(between) for between in after[s] - {t})]


def _depths(names: Iterable[str], edges: Sequence[Edge]) -> dict[str, int]:
    """The longest way to each rule."""
    before: dict[str, list[str]] = {name: [] for name in names}
    for source, target in edges:
        before[target].append(source)
    known: dict[str, int] = {}

    def depth(name: str) -> int:
        if name not in known:
            known[name] = max((depth(each) + 1 for each in before[name]), default=0)
        return known[name]

    return {name: depth(name) for name in before}


def _ordered(layers: Sequence[Sequence[str]], edges: Sequence[Edge], led_back_to: Collection[str]) -> list[list[str]]:
    """Rules of a layer by the mean place of those they are linked to, so that few lines cross.

    Those that links lead back to, from the right, are rightmost, so that these links pass behind no other.
    """
    found = [list(layer) for layer in layers]
    for _ in range(SWEEPS):
        place = {name: n - len(layer) / 2 for layer in found for n, name in enumerate(layer)}
        linked: dict[str, list[float]] = {}
        for source, target in edges:
            linked.setdefault(source, []).append(place[target])
            linked.setdefault(target, []).append(place[source])
        mean = {name: sum(values) / len(values) for name, values in linked.items()}
        found = [sorted(layer, key=lambda name: (name in led_back_to, mean.get(name, 0.0), name)) for layer in found]
    return found


def _path(source: Place, target: Place) -> str:
    x0, y0 = source[0] + BOX[0] / 2, source[1] + BOX[1]
    x1, y1 = target[0] + BOX[0] / 2, target[1] - 2
    bend = GAP[1] * 0.7
    return (
        f'<path class="link" marker-end="url(#tip)" d="M{x0:.0f} {y0:.0f}C{x0:.0f} {y0 + bend:.0f} {x1:.0f} {y1 - bend:.0f} '
        f'{x1:.0f} {y1:.0f}"/>'
    )


def _path_back(source: Place, target: Place) -> str:
    """From the right side of a rule up to that of another, around what lies between."""
    x0, y0 = source[0] + BOX[0], source[1] + BOX[1] / 2
    x1, y1 = target[0] + BOX[0] + 2, target[1] + BOX[1] / 2
    bend = max(x0, x1) + 56
    return (
        f'<path class="link back" marker-end="url(#tip)" d="M{x0:.0f} {y0:.0f}C{bend:.0f} {y0:.0f} {bend:.0f} {y1:.0f} '
        f'{x1:.0f} {y1:.0f}"/>'
    )


def _box(name: str, jobs: int, again: bool, x: float, y: float) -> str:
    count = f"{jobs} job{'s' if jobs > 1 else ''}" + (", one after the other" if again else "")
    middle = x + BOX[0] / 2
    return (
        f'<g><rect class="box" x="{x:.0f}" y="{y:.0f}" width="{BOX[0]}" height="{BOX[1]}" rx="9"/>'
        f'<text x="{middle:.0f}" y="{y + 17:.0f}">{escape(name)}</text>'
        f'<text class="count" x="{middle:.0f}" y="{y + 32:.0f}">{count}</text></g>'
    )
