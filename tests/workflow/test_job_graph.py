"""From planned jobs to the graph of their rules."""

from stylesv.workflow.job_graph import PlannedJob, graph_of

KIMGS = {"image": frozenset((0, 3, 6)), "D": frozenset((0, 4))}


def jobs(*, states: bool) -> list[PlannedJob]:
    """An image run of two segments and a run that starts from it; without states as a later call plans them."""
    return [
        PlannedJob("write_report", None, None, (8, 9)),
        PlannedJob("initialize_networks", "image", None, ()),
        PlannedJob("train_segment", "image", "3", (1,) if states else ()),
        PlannedJob("train_segment", "image", "6", (2,) if states else ()),
        PlannedJob("score_snapshot", "image", "6", (3,)),
        PlannedJob("choose_snapshot", "image", None, (4,)),
        PlannedJob("initialize_networks", "D", None, (5,)),
        PlannedJob("train_segment", "D", "4", (6,) if states else ()),
        PlannedJob("score_snapshot", "D", "4", (7,)),
        PlannedJob("choose_snapshot", "D", None, (8,)),
    ]


def test_rules_are_counted_and_linked():
    graph = graph_of(jobs(states=True), KIMGS)
    assert {rule.name: rule.jobs for rule in graph.rules} == {
        "choose_snapshot": 2,
        "initialize_networks": 2,
        "score_snapshot": 2,
        "train_segment": 3,
        "write_report": 1,
    }
    assert set(graph.edges) == {
        ("initialize_networks", "train_segment"),
        ("train_segment", "train_segment"),
        ("train_segment", "score_snapshot"),
        ("score_snapshot", "choose_snapshot"),
        ("choose_snapshot", "initialize_networks"),
        ("score_snapshot", "write_report"),
        ("choose_snapshot", "write_report"),
    }
    assert {rule.name: rule.depth for rule in graph.rules}["initialize_networks"] == 5


def test_it_is_the_same_when_the_states_are_gone():
    assert graph_of(jobs(states=False), KIMGS) == graph_of(jobs(states=True), KIMGS)
