"""Settings on the command line with which an experiment's whole way takes seconds: few clips, narrow networks, 1 kimg."""

NARROW = "{channel_base: 64, channel_max: 8}"
LENGTH = "length: {total_kimg: %d, segment_kimg: 1}"


def smallest_demo(
    *,
    batch_size: int = 40,
    video_kimg: int = 1,
    dataset: str = "source: {rendered: {num_videos: 4, seed: 0}}, resolution: 32",
    machine: str = "cpu_threads: 1",
) -> list[str]:
    """Arguments after Snakemake's `--config`; `video_kimg` is the length of model D's training."""
    training = f"training: {{batch_size: {batch_size}}}, {LENGTH % 1}"
    return [
        f"dataset={{{dataset}}}",
        f"model={{generator: {NARROW}, discriminator: {NARROW}, {training}}}",
        f"per_model={{D: {{{LENGTH % video_kimg}}}}}",
        "protocol={generated: {num_clips: 8}, real: {max_clips: 8}, bootstrap: {resamples: 5}, motion: {num_clips: 4}}",
        "figures={num_frames: 8, num_clips: 3}",
        f"machine={{{machine}}}",
    ]
