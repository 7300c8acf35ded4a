"""The snapshots that the page's chooser offers: those of the run whose snapshot was asked for."""

from pathlib import Path

from stylesv.workflow.given_networks import snapshots_of


def snapshots_beside(networks: Path) -> dict[int, Path]:
    """The snapshots of the run that one belongs to, by kimg; a file that is in no run's folder is alone, at -1."""
    networks = networks.absolute()
    run = networks.parents[1] if len(networks.parents) > 1 else networks.parent
    found = snapshots_of(run)
    return found if networks in found.values() else {-1: networks}
