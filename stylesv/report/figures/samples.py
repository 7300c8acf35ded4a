"""The same clips after each stretch of training, as snapshots left them."""

from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from matplotlib.figure import Figure
from PIL import Image

from stylesv.errors import DataError
from stylesv.records.experiment import ReportedRun
from stylesv.report.figures.sources import Sources
from stylesv.report.figures.style import show_picture, styled

MAX_SNAPSHOTS = 6  # of a run, evenly spread
MAX_PX = 900  # width of a picture


def draw_samples_figure(sources: Sources) -> Figure:
    """The figure `samples`: of the first seed of every data set and model.

    Raises:
        DataError: a picture is missing or damaged.
    """
    runs: dict[tuple[str, str], ReportedRun] = {}
    for run in sources.experiment.runs:
        runs.setdefault((run.dataset, run.model), run)
    columns = 2 if len(runs) > 1 else 1
    blocks = {run.name: _block(run, sources.root) for run in runs.values()}
    lines = [list(runs.values())[start : start + columns] for start in range(0, len(runs), columns)]
    width = 7.2 / columns
    heights = [max(blocks[run.name][0].shape[0] / blocks[run.name][0].shape[1] for run in line) for line in lines]
    with styled(7.2, sum(0.86 * width * height + 0.4 for height in heights)) as figure:
        panels = figure.subplots(len(lines), columns, squeeze=False, height_ratios=heights)
        for line, of_line in zip(lines, panels, strict=True):
            for axes in of_line[len(line) :]:
                axes.set_visible(False)
            for run, axes in zip(line, of_line, strict=False):
                picture, kimgs = blocks[run.name]
                show_picture(axes, picture)
                height = picture.shape[0] / len(kimgs)
                axes.set_yticks([(number + 0.5) * height for number in range(len(kimgs))], map(str, kimgs))
                axes.tick_params(length=0)
                axes.set_ylabel("kimg")
                axes.set_title(f"{run.dataset} {run.model}" if len(sources.datasets) > 1 else run.model)
                axes.set_anchor("N")
    return figure


def _block(run: ReportedRun, root: Path) -> tuple[UInt8[np.ndarray, "h w 3"], list[int]]:
    places = np.linspace(0, len(run.snapshots) - 1, min(MAX_SNAPSHOTS, len(run.snapshots))).round().astype(int)
    snapshots = [run.snapshots[place] for place in places]
    pictures = [_read(root / snapshot.samples) for snapshot in snapshots]
    gap = np.full((max(4, pictures[0].shape[0] // 20), pictures[0].shape[1], 3), 255, np.uint8)
    return np.concatenate([part for picture in pictures for part in (picture, gap)]), [s.kimg for s in snapshots]


def _read(file: Path) -> UInt8[np.ndarray, "h w 3"]:
    try:
        with Image.open(file) as picture:
            picture = picture.convert("RGB")
    except OSError as error:
        raise DataError(f"{file}: is no picture of samples ({error}); delete it to make it again") from error
    picture.thumbnail((MAX_PX, 10 * MAX_PX), Image.Resampling.BOX, reducing_gap=None)
    return np.asarray(picture)
