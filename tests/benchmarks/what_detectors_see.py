"""Measure what each detector sees: half of some clips against the other half, as it is and damaged in every way.

Prints the tables of docs/protocols.md 3.5. A folder of films is a set of clips of 16 frames: the first of each film; of a single
film all that follow each other, from left, middle and right where it is wide. `rendered` stands for rendered scenes. A cell has
the score, divided by that of the undamaged half, and its interval over clips drawn again; it is bold where the score is
above the interval of the undamaged half.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
CONFIG = Path(__file__).resolve().parents[2] / "config"
PROTOCOLS = ("evd_16f", "efid", "rfvd_16f", "tvd_16f")


@click.command(help=__doc__.split("\n\n")[0])
@click.argument("folders", nargs=-1, required=True)
@click.option("--size", default=128, show_default=True, help="height and width of the clips, in pixels")
@click.option("--resize", type=int, help="pixels that evd's frames are resized to  [default: the protocol's]")
@click.option("--protocols", default=",".join(PROTOCOLS), show_default=True)
@click.option("--threads", default=2, show_default=True, help="threads on a CPU")
def main(folders: tuple[str, ...], size: int, resize: int | None, protocols: str, threads: int) -> None:
    from stylesv.threads import use_cpu_threads

    use_cpu_threads(threads)
    from damaged_clips import DAMAGES, clips_of

    for folder in folders:
        real, other = halve(*read_videos(folder, size))
        click.echo(f"\n{folder}: {len(real)} clips against {len(other)}, 16 frames, {size} px\n")
        columns = {}
        for name in protocols.split(","):
            click.echo(f"{folder}: {name}", err=True)
            rows = {damage: measure(name, make(other), resize) for damage, make in DAMAGES.items()}
            label, distance = distance_of(name)
            columns[label] = compare(measure(name, clips_of(real), resize), rows, distance)
        click.echo(f"| damage | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
        for damage in DAMAGES:
            click.echo(f"| {damage} | {' | '.join(column[damage] for column in columns.values())} |")


def read_videos(folder: str, size: int) -> tuple["object", np.ndarray]:
    """Videos of 32 frames, uint8 n t c h w; and the film of each, since films are what is halved."""
    import torch
    from damaged_clips import NEEDED

    if folder == "rendered":
        return read_rendered(size)
    found = [read_film(film, size, NEEDED) for film in sorted(Path(folder).glob("*.mp4"))]
    if len(found) == 1:  # one film: its first half of time against the second
        parts = found[0]
        return torch.from_numpy(np.stack([v for _, v in parts])), np.array([time for time, _ in parts])
    videos = [video for film in found for _, video in film[:1]]
    return torch.from_numpy(np.stack(videos)), np.arange(len(videos))


def read_rendered(size: int) -> tuple["object", np.ndarray]:
    """24 rendered films at 10 frames a second."""
    import torch
    from damaged_clips import NEEDED

    from stylesv.config.dataset import PackSettings
    from stylesv.data.packed import PackedClips
    from stylesv.data.packing import pack_videos
    from stylesv.data.world.rendering import render_driving_videos

    settings = PackSettings(
        resolution=size,
        crop="center",
        fps=10.0,
        min_frames=NEEDED,
        max_frames=NEEDED,
        jpeg_quality=95,
        damaged="drop",
        labels=None,
    )
    with tempfile.TemporaryDirectory() as folder:
        films, packed = Path(folder) / "films", Path(folder) / "packed"
        render_driving_videos(films, num_videos=24, seconds=(NEEDED / 10, NEEDED / 10))
        pack_videos(films, packed, settings=settings)
        clips = PackedClips(packed)
        videos = np.stack([clips.read(clip, range(NEEDED)) for clip in range(clips.num_clips)])
    return torch.from_numpy(videos), np.arange(len(videos))


def read_film(path: Path, size: int, length: int) -> list[tuple[int, np.ndarray]]:
    """Pieces of a film and their first frames."""
    import av
    from PIL import Image

    with av.open(str(path)) as film:
        images = [frame.to_image() for frame in film.decode(video=0)]
    width, height = images[0].size
    side = min(width, height)
    lefts = sorted({0, (width - side) // 2, width - side}) if width >= 1.5 * height else [(width - side) // 2]
    pieces = []
    for start in range(0, len(images) - length + 1, length):
        for left in lefts:
            top = (height - side) // 2
            box = (left, top, left + side, top + side)
            frames = [
                np.asarray(i.crop(box).resize((size, size), Image.LANCZOS)) for i in images[start : start + length]
            ]
            pieces.append((start, np.stack(frames).transpose(0, 3, 1, 2)))
    return pieces


def measure(name: str, clips: "object", resize: int | None) -> np.ndarray:
    """A protocol's features, n k d: k is 1, or the frames of a clip that a protocol of frames takes."""
    import torch

    from stylesv.metrics.detector import load_detector
    from stylesv.records.named_protocol import named_protocol

    settings = named_protocol(CONFIG, name).settings
    detector_settings = settings.detector
    if resize is not None and name.startswith("evd"):
        detector_settings = detector_settings.model_copy(update={"resize_px": resize})
    detector = load_detector(detector_settings)
    if settings.is_of_images:
        frames = clips[:, ::5]
        rows = detector(frames.flatten(0, 1)[:, None])
        return rows.unflatten(0, frames.shape[:2]).numpy()
    return torch.cat([detector(part) for part in clips.split(8)])[:, None].numpy()


def distance_of(name: str) -> tuple[str, Callable[[np.ndarray, np.ndarray], float]]:
    """A protocol's label, and its score of features n k d."""
    from stylesv.metrics.comparison import compare_features
    from stylesv.records.named_protocol import named_protocol

    settings = named_protocol(CONFIG, name).settings

    def distance(real: np.ndarray, made: np.ndarray) -> float:
        return compare_features(real.reshape(-1, real.shape[-1]), made.reshape(-1, made.shape[-1]), settings)

    return settings.metric_label, distance


def compare(
    real: np.ndarray, rows: dict[str, np.ndarray], distance: Callable[[np.ndarray, np.ndarray], float]
) -> dict[str, str]:
    """A cell for every damage."""
    from stylesv.metrics.bootstrap import bootstrap_interval

    whole = distance(real, rows["undamaged"])
    cells, bound = {}, np.inf
    for name, made in rows.items():
        low, high = bootstrap_interval(real, made, distance=distance, resamples=100, level=0.95, seed=0)
        bound = high if name == "undamaged" else bound
        value = distance(real, made)
        shown = f"**{value / whole:.2f}**" if value > bound else f"{value / whole:.2f}"
        cells[name] = f"{shown} ({low / whole:.2f} to {high / whole:.2f})"
    return cells


def halve(videos: "object", films: np.ndarray) -> tuple["object", "object"]:
    """Two halves of the clips; those of one film's same time stay together, and its first half is compared with its second."""
    from stylesv.seeding import numpy_generator

    kinds = np.unique(films)
    order = kinds if len(kinds) < len(films) else numpy_generator(0, "halves").permutation(kinds)
    first = np.isin(films, order[: len(order) // 2])
    return videos[first], videos[~first]


if __name__ == "__main__":
    main()
