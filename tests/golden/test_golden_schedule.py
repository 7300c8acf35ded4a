"""Phases, counts, moving average and augmentation schedule, as recorded from the published training loop."""

import math
from types import SimpleNamespace

import pytest
import torch
from golden_reader import Case

from stylesv.training.batches import ClipBatch
from stylesv.training.schedule import adapt_probability, ema_beta, lazy_adam, linear_probability
from stylesv.training.state import TrainState
from stylesv.training.step import TrainingStep


class NamedStep(TrainingStep):
    """A training step that only writes down, in the published words, what it would do, and with which gain."""

    def __init__(self) -> None:
        self.state = SimpleNamespace(step=0, r1_interval=16, path_length_interval=None)

    def phases(self, step: int) -> list[tuple[str, int]]:
        self.state.step, self.named = step, []
        self(ClipBatch(torch.empty(0, 1, 3, 4, 4, dtype=torch.uint8), torch.empty(0, 1)))
        assert self.state.step == step + 1
        return self.named

    def _name(self, name: str, gain: int) -> dict:
        self.named.append((name, gain))
        return {}

    def _update_generator(self) -> dict:
        return self._name("Gboth", 1)

    def _update_discriminator(self, real) -> dict:
        return self._name("Dmain", 1)

    def _update_r1(self, batch, gain: int) -> dict:
        return self._name("Dreg", gain)

    def _update_average(self) -> None: ...

    def _adapt_augmentation(self) -> None: ...


@pytest.fixture
def golden(golden_dir):
    return Case(golden_dir, "schedule").info


def published_names(phases: list[tuple[str, int]], rounds: int) -> list[str]:
    """A batch in `rounds` parts synchronises with the last."""
    return [f"{name} gain={gain} sync={part == rounds - 1}" for name, gain in phases for part in range(rounds)]


def test_phases_and_their_gains_are_the_published_ones(golden):
    step = NamedStep()
    for case in golden["cases"]:
        rounds = case["settings"]["batch"] // case["settings"]["batch_gpu"]
        assert published_names(step.phases(0), rounds) == case["phases_iter0"]
        assert published_names(step.phases(1), rounds) == case["phases_iter1"]
        last = max(case["dreg_iterations"])
        with_r1 = [number for number in range(last + 1) if ("Dreg", 16) in step.phases(number)]
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
