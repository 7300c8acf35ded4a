"""Compare prepared real clips with published statistics of the same data: are they the community's, and if not, why?

Ends with status 0 if they are, with 1 if they are not.
"""

import sys
from pathlib import Path

import click

from stylesv.command_line import CPU_THREADS
from stylesv.config.statistics import named_statistics
from stylesv.errors import ConfigError, run_command
from stylesv.fetching.file import fetch_file
from stylesv.records.named_protocol import named_protocol, random_detector, use_detector
from stylesv.threads import use_cpu_threads

CONFIG = Path(__file__).resolve().parent.parent / "config"
path = click.Path(path_type=Path)


@click.command(help=__doc__)
@click.option("--data", required=True, type=path, help="Real videos: packed clips, or a folder or zip.")
@click.option("--statistics", required=True, help="Name of a file in config/statistics, or a file: .npz or .pkl.")
@click.option("--protocol", help="How clips are taken.  [default: what config/statistics says]")
@click.option("--detector", required=True, help="File of the protocol's detector, or random-i3d.")
@click.option("--resolution", type=click.IntRange(4, 4096), help="Fit frames of folders and zips to this many pixels.")
@click.option("--max-clips", type=click.IntRange(min=2), help="At most so many clips.  [default: the protocol's]")
@click.option(
    "--fetched", default="results/statistics", type=path, show_default=True, help="Where fetched files are kept."
)
@CPU_THREADS
def check_reference(
    data: Path,
    statistics: str,
    protocol: str | None,
    detector: str,
    resolution: int | None,
    max_clips: int | None,
    fetched: Path,
    cpu_threads: int,
) -> None:
    known = None if Path(statistics).suffix in (".npz", ".pkl") else named_statistics(CONFIG, statistics)
    protocol = protocol or (known and known.protocol)
    if protocol is None:
        raise ConfigError("--statistics is a file, which does not say how its clips were taken: give --protocol")
    plan = use_detector(named_protocol(CONFIG, protocol), detector, random=random_detector(CONFIG))
    use_cpu_threads(cpu_threads)
    from stylesv.metrics.published_statistics import read_statistics
    from stylesv.scoring.clip_sources import open_videos
    from stylesv.scoring.measure import load_protocols_detector
    from stylesv.scoring.reference_check import check_reference as check
    from stylesv.scoring.reference_check import describe_check

    # what lies here is looked at before anything is fetched
    published = read_statistics(Path(statistics)) if known is None else None
    network, used = load_protocols_detector(plan, None if plan.settings.detector.is_random else Path(detector))
    videos = open_videos(data, resolution)
    if known is not None:
        file = fetched / known.url.rsplit("/", 1)[1]
        fetch_file(known.url, file, sha256=known.sha256)
        published = read_statistics(file)
    found = check(videos, used.settings, network, published, max_clips=max_clips)
    click.echo("\n".join(describe_check(found)))
    sys.exit(0 if found.prepared.is_same else 1)


if __name__ == "__main__":
    run_command(check_reference)
