"""Pictures of a data set's sheet, and its facts as the page shows them."""

from collections.abc import Sequence
from math import ceil
from pathlib import Path

import matplotlib
import numpy as np
from jaxtyping import UInt8
from PIL import Image

from stylesv.files import partial_file
from stylesv.records.data_sheet import DataSheet, Share

matplotlib.use("Agg")
import matplotlib.pyplot as plt

_GAP = 2  # pixels between frames


def draw_contact_sheet(path: Path, frames: UInt8[np.ndarray, "n c h w"], *, columns: int) -> None:
    """Frames beside each other, row by row."""
    num, _, height, width = frames.shape
    columns = min(columns, num)
    rows = ceil(num / columns)
    sheet = np.full((rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, 3), 255, np.uint8)
    for number, frame in enumerate(frames):
        top, left = (number // columns) * (height + _GAP), (number % columns) * (width + _GAP)
        sheet[top : top + height, left : left + width] = frame.transpose(1, 2, 0)
    with partial_file(path) as partial:
        Image.fromarray(sheet).save(partial, "PNG")


def draw_lengths(path: Path, lengths: Sequence[int], *, title: str) -> None:
    """Histogram of the lengths of clips."""
    figure, axes = plt.subplots(figsize=(6, 2.6), layout="constrained")
    span = max(lengths) - min(lengths)
    bins = np.arange(min(lengths), max(lengths) + 2) - 0.5 if span < 40 else 40
    axes.hist(lengths, bins=bins, color="#0067a3")
    axes.set_xlabel("frames of a clip")
    axes.set_ylabel("clips")
    axes.set_title(title, fontsize=10)
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.spines[["top", "right"]].set_visible(False)
    with partial_file(path) as partial:
        figure.savefig(partial, format="png", dpi=120, metadata={"Software": None})
    plt.close(figure)


def sheet_facts(sheet: DataSheet, *, licence: str | None) -> dict[str, str]:
    """What the page says of a data set."""
    facts = {
        "source": sheet.source,
        "videos": sheet.counts.text + (f": {_shown(sheet.reasons)}" if sheet.reasons else ""),
        "clips": f"{sheet.clips:,}, of {sheet.shortest} to {sheet.longest} frames, median {sheet.median:g}",
        "frames": f"{sheet.frames:,}, {sheet.resolution} x {sheet.resolution} pixels",
        "raw frame rates": _shown(sheet.rates),
        "raw sizes": _shown(sheet.sizes),
        "partition": sheet.partition or "",
        "licence": licence or "not known",
        "SHA-256 of the clips": f"{sheet.sha256[:16]}…",
    }
    for file in sheet.fetched:
        known = "verified" if file.verified else "no hash was known before"
        facts[f"fetched from {file.address}"] = f"{file.num_bytes:,} bytes, SHA-256 {file.sha256[:16]}… ({known})"
    return {name: value for name, value in facts.items() if value}


def _shown(shares: Sequence[Share], most: int = 6) -> str:
    shown = [f"{share.value} ({share.videos:,})" for share in shares[:most]]
    return ", ".join(shown + ["..."] * (len(shares) > most))
