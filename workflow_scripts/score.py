"""Score generated videos against real ones, whoever made them: FVD and its relatives, and what they miss.

Either side may be a folder or zip of films or of frame folders, a folder that pack_videos.py made, or a snapshot
(networks.safetensors, or a run's folder or the name of an experiment, whose best one is taken).
Protocols are files in config/protocols; the score goes to a file with all of its protocol.
"""

import sys
from pathlib import Path

import click

from stylesv.command_line import CPU_THREADS, parse_share, require_new
from stylesv.errors import ConfigError, run_command
from stylesv.records.named_protocol import named_protocol, random_detector, use_detector
from stylesv.threads import use_cpu_threads

CONFIG = Path(__file__).resolve().parent.parent / "config"
path = click.Path(path_type=Path)


def snapshot_or(side: Path) -> Path:
    """The snapshot that is meant by a run's folder or an experiment's name; any other side as it is."""
    from stylesv.workflow.given_networks import find_scored

    found = find_scored(side, CONFIG)
    if found is not None and found.note is not None:
        click.echo(found.note)
    return side if found is None else found.file


def run_selftest(reference: Path | None, generated: Path | None, detector: str | None) -> int:
    """Print every known case; 1 if a number differs."""
    from stylesv.scoring.selftest import Checked, PublicCase, selftest

    given = [value for value in (reference, generated, detector) if value is not None]
    if given and len(given) < 3:
        raise ConfigError(
            "--selftest takes --detector, --generated and --reference together, for the public case of I3D"
        )
    agrees = True
    for case in selftest(PublicCase(Path(detector), generated, reference) if given else None):
        click.echo(str(case))
        agrees &= not isinstance(case, Checked) or case.agrees
    click.echo("all known cases agree" if agrees else "some numbers differ: do not trust this machine's scores")
    return 0 if agrees else 1


@click.command(help=__doc__)
@click.option("--reference", type=path, help="Real videos.")
@click.option("--generated", type=path, help="Generated videos.")
@click.option(
    "--protocol",
    help="Name of a file in config/protocols, or a file like those. What an experiment changes of it in a section protocol of "
    "its own is not looked at: write such a file.",
)
@click.option(
    "--detector",
    help="File of the protocol's detector, or random-i3d. A TorchScript file is a program: give one that you trust, and its "
    "SHA-256 in the protocol.  [default: the protocol's, if it is no file]",
)
@click.option("--out", type=path, help="Score to write, JSON.")
@click.option("--resolution", type=click.IntRange(4, 4096), help="Fit frames of folders and zips to this many pixels.")
@click.option("--shards", type=path, help="Folder that keeps finished work for later calls.  [default: none is kept]")
@click.option("--share", default="0/1", callback=parse_share, help="NUMBER/JOBS: compute a share, into --shards.")
@click.option(
    "--selftest",
    is_flag=True,
    help="Run the detectors at hand on known clips instead, and say whether all digits are right (exit 1 if not). With "
    "--detector I3D-WEIGHTS --generated CLIPS --reference MOMENTS.npz also the public case of I3D.",
)
@CPU_THREADS
def score(
    reference: Path | None,
    generated: Path | None,
    protocol: str | None,
    detector: str | None,
    out: Path | None,
    resolution: int | None,
    shards: Path | None,
    share: tuple[int, int],
    selftest: bool,
    cpu_threads: int,
) -> None:
    if selftest:
        use_cpu_threads(cpu_threads)
        sys.exit(run_selftest(reference, generated, detector))
    given = {"--reference": reference, "--generated": generated, "--protocol": protocol, "--out": out}
    missing = [option for option, value in given.items() if value is None]
    if missing:
        raise ConfigError(f"{' and '.join(missing)}: missing; --help says what each is, --selftest needs none of them")
    plan = named_protocol(CONFIG, protocol)
    if detector is not None:
        plan = use_detector(plan, detector, random=random_detector(CONFIG))
    if share[1] > 1 and shards is None:
        raise ConfigError("--share needs --shards: the folder where all jobs put their shares")
    use_cpu_threads(cpu_threads)
    from stylesv.metrics.shards import remove_shards
    from stylesv.records.score import read_score, write_score
    from stylesv.scoring.request import ScoreRequest, describe_score, score_request

    require_new(out, overwrite=True, own=read_score)  # an earlier score of that name is replaced
    reference, generated = (snapshot_or(side) for side in (reference, generated))
    folder = shards or out.with_name(out.name + ".shards")
    file = Path(detector) if plan.settings.detector.is_file and detector is not None else None
    request = ScoreRequest(reference, generated, file, resolution, folder, share)
    found = score_request(request, plan, progress=True)
    if found is None:
        click.echo(f"share {share[0]} of {share[1]} is in {folder}; when all are, call again without --share")
        return
    write_score(out, found)
    if shards is None:
        remove_shards(folder)
    click.echo("\n".join(describe_score(found)))


if __name__ == "__main__":
    run_command(score)
