"""Many iterations of the published training loop, in float64: ours stays on its path.

The real training step runs, from the published weights, with the published inputs in place of its draws. Each iteration
starts from what the one before left, so the optimisers' state, lazy regularisation, the average and the order of
updates are held to the published ones, too (the vectors' README, "Trajectories").
"""

import hashlib
import re
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import torch
import yaml
from golden_folder import find_golden_dir
from golden_reader import Case, case_names, fill, fingerprint, load_recipe
from recipe_values import trained_recipe
from torch import Tensor, nn

from stylesv.networks.published import (
    discriminator_from_published,
    generator_from_published,
    rename_published_key,
)
from stylesv.records.recipe import TrainedRecipe
from stylesv.training.batches import ClipBatch, RealClips
from stylesv.training.draws import GeneratorInputs, StepDraws
from stylesv.training.state import TrainState
from stylesv.training.step import TrainingStep

GOLDEN = find_golden_dir()
NORMAL = [(".*", "normal", 1.0, 0.0)]
PHASES = {"generator": "G", "discriminator": "Dmain"}  # our purpose of a draw, the published phase
NETWORKS = {"G": "generator", "G_ema": "generator_ema", "D": "discriminator"}

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("double_precision")]


def recipe_of(case: Case, root: Path) -> TrainedRecipe:
    """Our recipe of the published run: what `TrainState` is made from."""
    info = case.info
    generator, arguments = generator_from_published(info["cfg"]["generator"], info["G_init"])
    discriminator, _ = discriminator_from_published(info["cfg"]["discriminator"], info["D_init"])
    training = yaml.safe_load((root / "config" / "config.yaml").read_text())["model"]["training"]
    training |= {name: info[name] for name in ("batch_size", "num_frames", "max_num_frames")}
    training["loss"] |= {"r1_gamma": info["r1_gamma"], "r1_interval": info["r1_interval"]}
    # of D the sidecar has what lazy regularisation made of them
    share = info["r1_interval"] / (info["r1_interval"] + 1)
    for name, scale in (("G", 1.0), ("D", share)):
        adam = info["optimizers"][name]
        betas = [round(beta ** (1 / scale), 12) for beta in adam["betas"]]
        training[f"{NETWORKS[name]}_optimizer"] = {
            "lr": round(adam["lr"] / scale, 12),
            "betas": betas,
            "eps": adam["eps"],
        }
    training["ema"] = {"half_life_kclips": info["ema"]["half_life_kimg"], "ramp_up": info["ema"]["ramp"]}
    networks = {"generator": generator, "discriminator": discriminator}
    settings = {name: network.model_dump(mode="json") for name, network in networks.items()}
    return trained_recipe(resolution=arguments["resolution"], training=training, **settings)


def load_network(network: nn.Module, case: Case, name: str) -> None:
    """The published weights and constants, widened: of a network that is `G` or `D` there."""
    info = case.info
    rules = (info["extra_rules_G"] if name == "G" else []) + info["rules"]
    load_recipe(network, info[f"state_dict_{name}"], info["seeds"][name], rules)
    buffers = dict(network.named_buffers())
    prefix = f"constant_{name}_"
    for key in (key.removeprefix(prefix) for key in case.arrays if key.startswith(prefix)):
        ours = rename_published_key(key).replace("time_encoder.time_encoder.", "time_encoder.")
        ours = ours.replace("fourier_coefs", "freqs")
        if ours in buffers:
            stored = case[prefix + key].double()
            buffers[ours].data = stored.view_as(buffers[ours])
        else:
            assert re.search(r"^b\d+\.resample_filter$", key), f"{key} has no counterpart"
    network.double()


class PublishedInputs(StepDraws):
    """The vectors' inputs in place of draws; generated clips are neither augmented, mixed nor moved."""

    def __init__(self, case: Case, state: TrainState):
        super().__init__(state, Mock(spec=RealClips))
        self.case = case

    def _normal(self, key: str, shape: list[int]) -> Tensor:
        return torch.from_numpy(fill(key, shape, self.case.info["seeds"]["inputs"], NORMAL)).double()

    def of_generator(self, purpose: str) -> GeneratorInputs:
        """What the generator is given in one phase."""
        phase, step, info = PHASES[purpose], self.state.step, self.case.info
        times = self.case[f"{phase}_t"][step]
        z = self._normal(f"z:{phase}:{step}", [info["batch_size"], info["cfg"]["generator"]["z_dim"]])
        motion = self._normal(f"motion:{phase}:{step}", info["motion_shape"])
        unused = dict.fromkeys(("other_z", "time_offset", "moving_start", "crossover"))
        return GeneratorInputs(times=times, z=z, motion=motion, **unused)

    def real_clips(self) -> ClipBatch:
        """Real clips: coarse noise that moves to the right with time, by the recipe in the sidecar's words."""
        info, step = self.case.info, self.state.step
        size, repeat = (
            int(re.search(words, info["inputs"]["real"])[1]) for words in (r"(\d+)\]", r"repeated (\d+) times")
        )
        noise = fill(f"real:{step}", [info["batch_size"], 3, size, size], info["seeds"]["inputs"], NORMAL)
        levels = np.clip(np.floor(128 + 48 * noise.astype(np.float64)), 0, 255).astype(np.uint8)
        images = levels.repeat(repeat, axis=2).repeat(repeat, axis=3)
        times = self.case.arrays["real_t"][step]
        clips = np.stack(
            [np.stack([np.roll(image, time, axis=2) for time in row]) for image, row in zip(images, times, strict=True)]
        )
        assert clips.sum(dtype=np.int64) == self.case.arrays["real_sum"][step], "the recipe of real clips"
        if step == 0:
            assert hashlib.sha256(clips.tobytes()).hexdigest() == info["inputs"]["real_sha256_step0"]
        return ClipBatch(torch.from_numpy(clips), torch.from_numpy(times).double())


class Judged:
    """Each call of the discriminator in a step: its logits and, where frames have gradients, R1 by frame."""

    def __init__(self, discriminator: nn.Module):
        self.forget()
        discriminator.register_forward_hook(self._note)

    def forget(self) -> None:
        """A new step begins."""
        self.logits: list[Tensor] = []
        self.penalties: list[Tensor] = []

    def _note(self, _module: nn.Module, inputs: tuple[Tensor, ...], logits: Tensor) -> None:
        self.logits.append(logits.detach())
        frames = inputs[0]
        if frames.is_leaf and frames.requires_grad:
            (gradient,) = torch.autograd.grad(logits.sum(), frames, retain_graph=True)
            self.penalties.append(gradient.square().sum(dim=(2, 3, 4)))


class Comparison:
    """Differences from the published numbers, as `tolerances.meaning` measures them; the largest of each kind is kept."""

    def __init__(self, case: Case):
        self.tolerances = case.info["tolerances"]["float64"]
        self.seed = case.info["seeds"]["proj"]
        self.largest: dict[str, float] = {}
        self.failures: list[str] = []

    def _add(self, kind: str, what: str, difference: float) -> None:
        self.largest[kind] = max(self.largest.get(kind, 0.0), difference)
        if not difference <= self.tolerances[kind]:
            self.failures.append(f"{what}: off by {difference:.3g}, allowed {self.tolerances[kind]:.3g}")

    def scalar(self, kind: str, what: str, found: Tensor | float, expected: float) -> None:
        self._add(kind, what, abs(float(found) - expected) / abs(expected))

    def row(self, what: str, found: Tensor, expected: Tensor) -> None:
        self._add("logits", what, float((found - expected).abs().max() / expected.abs().max()))

    def exact(self, what: str, found: object, expected: object) -> None:
        if found != expected:
            self.failures.append(f"{what}: {found}, expected {expected}")

    def table(self, kind: str, what: str, found: dict[str, Tensor], expected: dict[str, list[float]]) -> None:
        """Fingerprints of all tensors of a network, by published name."""
        least = 1e-9 * max(l2 for l2, _ in expected.values())
        for name, (l2, dot) in expected.items():
            found_l2, found_dot = fingerprint(found[rename_published_key(name)], name, self.seed)
            if l2 == 0:
                self.exact(f"{what} of {name}", found_l2, 0.0)
                continue
            difference = max(abs(found_l2 - l2), abs(found_dot - dot)) / max(l2, least)
            self._add(kind, f"{what} of {name}", difference)


def compare_step(comparison: Comparison, case: Case, number: int, found: dict[str, Tensor], judged: Judged) -> None:
    """Losses, logits, gradient norms and R1 of one iteration."""
    expected = case.info["steps"][number]
    at = f"iteration {number}"
    logits = dict(zip(("G", "Dmain_fake", "Dmain_real", "Dreg_real"), judged.logits, strict=False))
    arrays = {"G": "G_logits", "Dmain_fake": "Dmain_logits_fake", "Dmain_real": "Dmain_logits_real"}
    for name, array in arrays.items():
        comparison.row(f"{at}: {array}", logits[name], case[array][number])
    comparison.scalar("scalars", f"{at}: loss_G", found["loss_generator"], expected["loss_G"])
    comparison.scalar("scalars", f"{at}: loss_D", found["loss_discriminator"], expected["loss_D"])
    comparison.scalar(
        "gradient_norms", f"{at}: Gboth", found["gradient_norm_generator"], expected["gradient_norm_Gboth"]
    )
    norm = found["gradient_norm_discriminator"]
    comparison.scalar("gradient_norms", f"{at}: Dmain", norm, expected["gradient_norm_Dmain"])
    for kind in ("fake", "real"):
        comparison.exact(f"{at}: signs", float(found[f"logits_{kind}_sign"]), expected[f"Dmain_logits_{kind}_sign"])
    comparison.exact(f"{at}: R1", "loss_r1" in found, "loss_D_reg" in expected)
    if "loss_D_reg" in expected:
        row = number // case.info["r1_interval"]
        comparison.row(f"{at}: Dreg_logits_real", logits["Dreg_real"], case["Dreg_logits_real"][row])
        for penalties, stored in zip(judged.penalties[0], case["Dreg_r1_penalty"][row], strict=True):
            comparison.row(f"{at}: R1 by frame", penalties, stored)
        comparison.scalar("scalars", f"{at}: r1_penalty", found["r1_penalty"], expected["r1_penalty"])
        comparison.scalar("scalars", f"{at}: loss_D_reg", found["loss_r1"], expected["loss_D_reg"])
        comparison.scalar("gradient_norms", f"{at}: Dreg", found["gradient_norm_r1"], expected["gradient_norm_Dreg"])


def compare_reach(comparison: Comparison, expected: dict, state: TrainState) -> None:
    """How many parameters had a gradient in the last phase of each network, zeros included."""
    last = "Dreg" if "gradient_norm_Dreg" in expected else "Dmain"
    for phase, network in (("Gboth", state.generator), (last, state.discriminator)):
        found = sum(parameter.grad is not None for parameter in network.parameters())
        comparison.exact(f"parameters with a gradient in {phase}", found, expected[f"num_params_with_gradient_{phase}"])


def compare_checkpoint(comparison: Comparison, state: TrainState, expected: dict, after: str) -> None:
    """Weights, average, and the optimisers' moments and step counts."""
    for published, ours in NETWORKS.items():
        parameters = dict(getattr(state, ours).named_parameters())
        table = expected[f"params_{published}"]
        fixed = {name for name in parameters if name.endswith("low_rank_gain")}
        comparison.exact(f"{ours} after {after}", set(parameters) - fixed, set(map(rename_published_key, table)))
        comparison.table("params", f"{ours} after {after}", parameters, table)
        if published == "G_ema":
            continue
        moments = getattr(state, f"{ours}_optimizer").state
        adam = expected[f"adam_{published}"]
        for name, entry in adam.items():
            steps = int(moments[parameters[rename_published_key(name)]]["step"])
            comparison.exact(f"Adam's steps of {name} after {after}", steps, entry["step"])
        for moment in ("exp_avg", "exp_avg_sq"):
            found = {name: moments[parameter][moment] for name, parameter in parameters.items() if parameter in moments}
            stored = {name: entry[moment] for name, entry in adam.items()}
            comparison.table("adam", f"{moment} of {ours} after {after}", found, stored)


@pytest.mark.parametrize("name", case_names(GOLDEN, "trajectory_*"))
def test_training_stays_on_the_published_path(name, root):
    case = Case(GOLDEN, name)
    state = TrainState(recipe_of(case, root), torch.device("cpu"))
    for published, ours in NETWORKS.items():
        load_network(getattr(state, ours), case, published[0])
    step, comparison = TrainingStep(state, Mock(spec=RealClips)), Comparison(case)
    step.draws = inputs = PublishedInputs(case, state)
    checkpoints, judged = case.info["checkpoints"], Judged(state.discriminator)
    for number in range(case.info["num_steps"]):
        judged.forget()
        found = step(inputs.real_clips())
        compare_step(comparison, case, number, found, judged)
        compare_reach(comparison, case.info["steps"][number], state)
        if str(number + 1) in checkpoints:
            compare_checkpoint(comparison, state, checkpoints[str(number + 1)], f"{number + 1} iterations")
        assert not comparison.failures, "; ".join(comparison.failures[:5]) + f" (largest so far: {comparison.largest})"
