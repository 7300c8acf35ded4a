"""A protocol in words, for captions and for the page's section on how scores were measured."""

from collections import Counter
from collections.abc import Mapping

from stylesv.config.beside import FloorSettings
from stylesv.records.protocol import UsedProtocol

MEASURES = {
    "frechet_video": "Fréchet distance between detector features of clips",
    "frechet_image": "Fréchet distance between detector features of frames",
    "kernel_image": "kernel distance between detector features of frames, times 1000",
    "inception_image": "inception score of frames",
    "inception_video": "inception score of clips",
}

PAPERS_MEASURE = {
    "frechet_video": "FVD",
    "frechet_image": "FID",
    "kernel_image": "KID",
    "inception_image": "IS",
    "inception_video": "the papers' inception score",
}


def describe_protocol(used: UsedProtocol) -> dict[str, str]:
    """What was done, by topic, in the order of doing it."""
    settings = used.settings
    real, generated, detector = settings.real, settings.generated, settings.detector
    if settings.num_frames == 1:
        frames = "single frames"
    elif settings.frame_stride == 1:
        frames = f"{settings.num_frames} consecutive frames"
    else:
        frames = f"{settings.num_frames} frames, {settings.frame_stride} apart"
    resize = (
        "resizes frames itself"
        if detector.resize_px is None
        else f"frames resized to {detector.resize_px} px, {detector.resize_filter}, antialiased"
    )
    of_each = f" ({generated.clips_per_video} of each latent)" if generated.clips_per_video > 1 else ""
    bootstrap = settings.bootstrap
    interval = (
        f"{100 * bootstrap.level:g} % bootstrap interval over clips, {bootstrap.resamples} resamples, seed {bootstrap.seed}"
        if bootstrap.resamples
        else "none"
    )
    return {
        "Protocol": f"{used.name}-{used.key}",
        "Measure": f"{settings.metric_label}: {MEASURES[settings.metric]}; "
        f"{'higher' if settings.higher_is_better else 'lower'} is better",
        "Clips": frames,
        "Real clips": f"{_at_most(real.max_clips)}, {_at_most(real.max_clips_per_video)} per video, "
        f"first frames {real.first_frames}" + (f" (seed {real.seed})" if real.first_frames == "random" else ""),
        "Generated clips": f"{generated.num_clips}{of_each}, seed {generated.seed}, from time {generated.start_time}, "
        f"truncation {generated.truncation:g}",
        "Detector": f"{detector.name} (SHA-256 {used.detector_sha256[:12]}…), {resize}",
        "Covariance": settings.covariance,
        "Interval": interval,
        **({"Floor": _floor(settings.floor)} if settings.floor else {}),
    }


def told_apart(labels: Mapping[str, str]) -> dict[str, str]:
    """Labels of measures by protocol's name, with the name behind where several protocols have one label."""
    count = Counter(labels.values())
    return {name: label if count[label] == 1 else f"{label} ({name})" for name, label in labels.items()}


def caption_protocol(used: UsedProtocol) -> str:
    """The protocol in one line."""
    parts = describe_protocol(used)
    rest = "; ".join(f"{name.lower()}: {text}" for name, text in parts.items() if name not in ("Protocol", "Measure"))
    return f"Protocol {parts['Protocol']}; {rest}."


def explain_detector(used: UsedProtocol) -> str | None:
    """What a score of another detector than the papers' is worth; None for theirs, and for files that a user gives."""
    settings = used.settings
    label = settings.metric_label
    if settings.detector.is_packaged:
        return (
            f"{label} uses {settings.detector.name}, a trained network that comes with pip, where the papers' cannot be had. "
            f"It compares models here; it is not {PAPERS_MEASURE[settings.metric]}: do not compare it with published numbers."
        )
    if not settings.detector.is_random:
        return None
    return (
        f"{label} uses a detector with random weights. It ranks snapshots of one data set and is not "
        f"{label.removeprefix('r')}: do not compare it with published numbers."
    )


def _floor(floor: FloorSettings) -> str:
    return (
        f"{floor.draws} perfect generators, drawn from the real clips, {100 * floor.level:g} % of their scores, seed "
        f"{floor.seed}; infinitely many clips by a line through 1 to {floor.parts} parts"
    )


def _at_most(limit: int | None) -> str:
    return "all" if limit is None else f"at most {limit}"
