"""Score rows, clips and a whole page for tests."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from stylesv.config.protocol import ProtocolSettings
from stylesv.records.log_line import LogLine
from stylesv.records.named_protocol import named_protocol
from stylesv.records.protocol import UsedProtocol
from stylesv.records.score import Score
from stylesv.report.score_row import ScoreRow

CONFIG = Path(__file__).parents[1] / "config"


def log_line(kimg: float, *, seconds: float = 5.0, **means: float | None) -> LogLine:
    """A line of a training log."""
    machine = {"clips_per_second": 8.0, "wait_share": 0.25, "peak_memory_mb": 500.0, "machine": None}
    return LogLine(kimg=kimg, step=int(kimg * 10), means=means, augment_probability=0.0, seconds=seconds, **machine)


def used(name: str = "rfvd_16f", *, key: str = "0123abcd", sha256: str = "a" * 64, **changes: Any) -> UsedProtocol:
    values = named_protocol(CONFIG, name).settings.model_dump(mode="json")
    for field, value in changes.items():
        values[field] = (values[field] or {}) | value if isinstance(value, dict) else value
    if not values["metric"].startswith("frechet_"):
        beside = ("floor", "neighbours") if "kernel_" in values["metric"] else ("floor", "neighbours", "kernel")
        values |= {name: None for name in beside if name not in changes}
    settings = ProtocolSettings.model_validate_json(json.dumps(values))
    return UsedProtocol(name=name, key=key, settings=settings, detector_sha256=sha256)


def score(kimg: int | None = 20, value: float = 50.0, *, run: str = "sky-D-s0-7be01d44", **changes: Any) -> Score:
    """A score with everything that a file holds."""
    protocol = changes.get("protocol", used())
    values = {
        "metric": protocol.settings.metric_name,
        "label": protocol.settings.metric_label,
        "value": value,
        "interval": {"low": value * 0.9, "high": value * 1.2, "level": 0.95, "resamples": 100},
        "real_value": None,
        "split_std": None,
        "few_clips": False,
        "floor": None,
        "infinity": None,
        "fidelity": [],
        "memorisation": None,
        "artefacts": [],
        "drift": [],
        "motion": None,
        "scored": {"run": run, "dataset": "sky", "model": "D", "seed": 0, "kimg": kimg},
        "protocol": protocol.model_dump(mode="json"),
        "real": {
            **{"dataset": "sky", "count": 200, "num_videos": 20, "short_videos": 0, "max_clips_per_video": 10},
            **{"frame_stride": 1, "first_frames": "spread", "selection_sha256": "b" * 64, "resolution_px": 32},
        },
        "generated": {
            **{"source": f"{run}/{kimg}", "count": 256, "clips_per_video": 1, "short_videos": 0, "seed": 0},
            **{"start_time": 0, "frame_stride": 1, "truncation": 1.0, "resolution_px": 32},
        },
        "notes": [],
        "warnings": [],
        "versions": {},
    }
    return Score.model_validate_json(json.dumps(values | changes | {"protocol": values["protocol"]}))


def row(kimg: int | None = 20, value: float = 50.0, **changes: Any) -> ScoreRow:
    found = {
        "dataset": "sky",
        "model": "D",
        "run": "sky-D-s0-7be01d44",
        "seed": 0,
        "kimg": kimg,
        "value": value,
        "low": value * 0.9,
        "high": value * 1.2,
        "few_clips": False,
        "num_real": 200,
        "num_generated": 256,
        "protocol": used(),
    }
    return ScoreRow(**(found | changes))


def rows() -> list[ScoreRow]:
    other = {"model": "E", "run": "sky-E-s0-aaaa0000"}
    return [row(40, 30.0), row(0, 120.0), row(20, 25.5), row(0, 110.0, **other), row(20, 31.25, **other)]


def clips(count: int = 3, frames: int = 5, size: int = 16, seed: int = 0) -> np.ndarray:
    """Squares of one colour each that change from frame to frame, n t c h w."""
    random = np.random.default_rng(seed)
    colours = random.integers(0, 256, (count, frames, 3, 1, 1), dtype=np.uint8)
    return np.broadcast_to(colours, (count, frames, 3, size, size)).copy()
