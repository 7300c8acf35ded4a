"""Phases, counts, moving average and augmentation schedule, as recorded from the published training loop."""

import json
import math
from types import SimpleNamespace

import pytest

from stylesv.training.schedule import adapt_probability, ema_beta, lazy_adam, linear_probability, phases_at
from stylesv.training.state import TrainState

PUBLISHED_PHASES = {"generator": "Gboth", "discriminator": "Dmain", "r1": "Dreg"}


@pytest.fixture
def golden(golden_dir):
    return json.loads((golden_dir / "schedule.json").read_text())


def phases(step: int) -> tuple:
    return phases_at(step, r1_interval=16, path_length_interval=None)


def published_names(step: int, rounds: int) -> list[str]:
    """Our phases of a step in the published words; a batch in `rounds` parts synchronises with the last."""
    return [
        f"{PUBLISHED_PHASES[phase.name]} gain={phase.gain} sync={part == rounds - 1}"
        for phase in phases(step)
        for part in range(rounds)
    ]


def test_phases_and_their_gains_are_the_published_ones(golden):
    for case in golden["cases"]:
        rounds = case["settings"]["batch"] // case["settings"]["batch_gpu"]
        assert published_names(0, rounds) == case["phases_iter0"]
        assert published_names(1, rounds) == case["phases_iter1"]
        last = max(case["dreg_iterations"])
        with_r1 = [step for step in range(last + 1) if any(phase.name == "r1" for phase in phases(step))]
        assert with_r1 == case["dreg_iterations"]


def recorded(case: dict, name: str) -> list[float]:
    return [event[2] for event in case["events"] if event[:2] == ["rep", f"Progress/{name}"]]


def test_frames_and_augmentation_follow_the_recorded_runs(golden):
    for case in golden["cases"]:
        settings = case["settings"]
        frames_per_step = settings["batch"] * settings["frames"]
        steps = TrainState.step_at(SimpleNamespace(frames_per_step=frames_per_step), settings["total_kimg"])
        assert steps == case["iterations"]
        kimgs, probabilities = [], []
        probability, tick_start = 0.0, 0
        for step in range(1, steps + 1):
            frames = step * frames_per_step
            if step % 4 == 0 and settings.get("linear"):
                probability = linear_probability(
                    settings.get("target", 0.6),
                    clips_shown=step * settings["batch"],
                    rise_kclips=settings["total_kimg"] / settings["frames"],
                    upper_bound=math.inf,
                )
            elif step % 4 == 0 and settings["ada"]:
                probability = adapt_probability(
                    probability,
                    mean_sign=settings["sign"],
                    target_sign=settings.get("target", 0.6),
                    num_clips=settings["batch"] * 4,
                    rise_kclips=float(settings["ada_kimg"]),
                    upper_bound=math.inf,
                )
            # the published ticks: after the first step, every 5,000 frames, and at the end
            if step == 1 or step == steps or frames >= tick_start + 5000:
                kimgs.append(frames / 1000)
                probabilities.append(probability)
                tick_start = frames
        assert kimgs == recorded(case, "kimg")
        assert probabilities == pytest.approx(recorded(case, "augment"), rel=1e-5, abs=1e-7)


def test_moving_average_table(golden):
    for row in golden["tables"]["ema_beta"]:
        beta = ema_beta(
            row["batch"], half_life_kclips=float(row["ema_kimg"]), frames_shown=row["cur_nimg"], ramp_up=row["rampup"]
        )
        assert beta == pytest.approx(row["beta"], rel=1e-12)


def test_augmentation_tables(golden):
    for row in golden["tables"]["ada_adjust"]:
        probability = adapt_probability(
            row["p"],
            mean_sign=row["sign_mean"],
            target_sign=row["target"],
            num_clips=row["batch"] * row["interval"],
            rise_kclips=float(row["ada_kimg"]),
            upper_bound=math.inf,
        )
        assert probability == pytest.approx(row["new_p"], rel=1e-12)
    for row in golden["tables"]["ada_linear"]:
        probability = linear_probability(
            row["target"], clips_shown=row["cur_nimg"], rise_kclips=float(row["total_kimg"]), upper_bound=math.inf
        )
        assert probability == pytest.approx(row["p"], rel=1e-12)


def test_lazy_regularisation_table(golden):
    for row in golden["tables"]["lazy_reg"]:
        lr, betas = lazy_adam(row["lr_in"], tuple(row["betas_in"]), row["interval"])
        assert lr == pytest.approx(row["lr"], rel=1e-12)
        assert betas == pytest.approx(tuple(row["betas"]), rel=1e-12)
