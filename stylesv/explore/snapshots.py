"""The snapshots that the page's chooser offers: those of the run whose snapshot was asked for."""

from pathlib import Path

from stylesv.workflow.given_networks import SNAPSHOT


def snapshots_beside(networks: Path) -> dict[int, Path]:
    """The snapshots of the run that one belongs to, by kimg; a file that is in no run's folder is alone, at -1."""
    networks = networks.absolute()
    run = networks.parents[1] if len(networks.parents) > 1 else networks.parent
    if networks.name != SNAPSHOT or not networks.parent.name.isdecimal():
        return {-1: networks}
    found = {int(path.parent.name): path for path in run.glob(f"*/{SNAPSHOT}") if path.parent.name.isdecimal()}
    return dict(sorted(found.items()))
