"""One training iteration gives the published losses, gradients and weights: generator, discriminator, R1, average."""

import copy
import math

import pytest
import torch
from golden_folder import find_golden_dir
from golden_reader import Case, case_names, fingerprint, load_recipe
from torch import Tensor, nn

from stylesv.networks import Discriminator, Generator
from stylesv.networks.published import discriminator_from_published, generator_from_published, rename_published_key
from stylesv.training.ema import update_ema
from stylesv.training.losses import interpolate_latents, loss_of_fake, loss_of_real, r1_penalty
from stylesv.training.schedule import lazy_gain

GOLDEN = find_golden_dir()


@pytest.fixture(autouse=True)
def one_thread():
    """The order of float32 sums depends on the number of threads, and the smallest R1 gradients show it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Iteration:
    """A case's networks, optimisers and inputs."""

    def __init__(self, case: Case):
        self.case, info = case, case.info
        settings, arguments = generator_from_published(info["cfg"]["generator"], info["G_init"])
        self.generator = Generator(settings, **arguments)
        rules = info["extra_rules_G"] + info["rules"]
        load_recipe(self.generator, info["state_dict_G"], info["seeds"]["G"], rules)
        settings, arguments = discriminator_from_published(info["cfg"]["discriminator"], info["D_init"])
        self.discriminator = Discriminator(settings, **arguments)
        load_recipe(self.discriminator, info["state_dict_D"], info["seeds"]["D"], info["rules"])
        self.average = copy.deepcopy(self.generator)
        self.optimizers = {
            "G": adam(self.generator, info["optimizers"]["G"]),
            "D": adam(self.discriminator, info["optimizers"]["D"]),
        }
        self.r1_gain = lazy_gain(0, info["gains"]["Dreg"])

    def generate(self, phase: str) -> tuple[Tensor, Tensor]:
        """The generated clips of a phase, and their times."""
        case, name = self.case, phase.removesuffix("both")
        times = case[f"{name}_t"]
        w = self.generator.mapping(case[f"{name}_z"])
        if f"{phase}_interp_u" in case:
            w = interpolate_latents(
                w,
                self.generator.mapping(case[f"{name}_z_addition"]),
                times,
                start=case[f"{phase}_interp_u"][:, 0],
                length=float(case.info["cfg"]["training"]["interp_len"]),
            )
        return self.generator.synthesis(w, times, case[f"{name}_motion_z"]), times

    def real(self) -> tuple[Tensor, Tensor]:
        return self.case["real_uint8"].float() / 127.5 - 1, self.case["real_t"]


def adam(network: nn.Module, options: dict) -> torch.optim.Adam:
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    return torch.optim.Adam(trained, options["lr"], tuple(map(float, options["betas"])), options["eps"])


def assert_reported(reports: dict, name: str, values: Tensor) -> None:
    expected = torch.tensor(reports[name])
    error = (values.detach().flatten() - expected).abs().max().item()
    assert error <= 1e-3 * max(expected.abs().max().item(), 1e-3), f"{name}: {values} is not {expected}"


def assert_gradients(network: nn.Module, expected: dict, seed: int) -> None:
    """Norms and projections within 1e-3, or within 1e-6 of the largest norm."""
    gradients = {name: torch.zeros_like(p) if p.grad is None else p.grad for name, p in network.named_parameters()}
    floor = 1e-6 * max(l2 for l2, _ in expected.values())
    for name, (l2, dot) in expected.items():
        found_l2, found_dot = fingerprint(gradients[rename_published_key(name)], name, seed)
        assert abs(found_l2 - l2) <= max(1e-3 * l2, floor), f"{name}: norm {found_l2}, expected {l2}"
        assert abs(found_dot - dot) <= max(5e-3 * l2, floor), f"{name}: projection {found_dot}, expected {dot}"
    published = {rename_published_key(name) for name in expected}
    for name in set(gradients) - published:
        assert gradients[name].abs().max() == 0, f"{name} has a gradient here only"


def assert_weights(network: nn.Module, expected: dict, seed: int, lr: float) -> None:
    """Adam's first steps are about lr * sign(gradient): a few signs near zero may differ."""
    parameters = dict(network.named_parameters())
    for name, (l2, dot) in expected.items():
        parameter = parameters[rename_published_key(name)]
        found_l2, found_dot = fingerprint(parameter, name, seed)
        allowed = 1e-5 * l2 + 0.02 * lr * math.sqrt(parameter.numel())
        assert abs(found_l2 - l2) <= allowed, f"{name}: norm {found_l2}, expected {l2}"
        assert abs(found_dot - dot) <= allowed, f"{name}: projection {found_dot}, expected {dot}"


def compare_examples(case: Case, network: nn.Module, expected: dict, lr: float) -> set[str]:
    """Parameters stored whole, in the phase that they were taken after: almost every element is equal.

    Some are named after the phase before, as the stored array was a view of the weights; their fingerprint tells.
    """
    compared = set()
    for key in (key for key in case.arrays if key.startswith("example_param_after_")):
        name = key.removeprefix("example_param_after_").partition("_")[2]
        example, seed = case[key], case.info["seeds"]["proj"]
        if name not in expected or fingerprint(example, name, seed) != pytest.approx(expected[name], rel=1e-9):
            continue
        found = dict(network.named_parameters())[rename_published_key(name)]
        off = (found.detach() - example).abs() > 0.02 * lr
        assert off.float().mean() < 0.01, f"{key}: {int(off.sum())} of {off.numel()} elements are off"
        compared.add(key)
    return compared


@pytest.mark.slow
@pytest.mark.parametrize("name", case_names(GOLDEN, "loss_step_*"))
def test_one_iteration_gives_the_published_losses_gradients_and_weights(name):
    case = Case(GOLDEN, name)
    results, seed = case.info["results"], case.info["seeds"]["proj"]
    iteration = Iteration(case)
    generator, discriminator, optimizers = iteration.generator, iteration.discriminator, iteration.optimizers
    lr = {name: case.info["optimizers"][name]["lr"] for name in "GD"}

    expected = results["Gboth"]
    logits = discriminator(*iteration.generate("Gboth"))
    losses = loss_of_real(logits)
    losses.mean().backward()
    assert_reported(expected["reports"], "Loss/scores/fake", logits)
    assert_reported(expected["reports"], "Loss/G/loss", losses)
    assert_gradients(generator, expected["grads"], seed)
    optimizers["G"].step()
    assert_weights(generator, expected["params_after"], seed, lr["G"])
    compared = compare_examples(case, generator, expected["params_after"], lr["G"])

    expected = results["Dmain"]
    discriminator.zero_grad()
    with torch.no_grad():
        fake = iteration.generate("Dmain")
    fake_logits, real_logits = discriminator(*fake), discriminator(*iteration.real())
    losses = loss_of_fake(fake_logits) + loss_of_real(real_logits)
    losses.mean().backward()
    assert_reported(expected["reports"], "Loss/scores/fake", fake_logits)
    assert_reported(expected["reports"], "Loss/scores/real", real_logits)
    assert_reported(expected["reports"], "Loss/D/loss", losses)
    assert_gradients(discriminator, expected["grads"], seed)
    optimizers["D"].step()
    assert_weights(discriminator, expected["params_after"], seed, lr["D"])
    compared |= compare_examples(case, discriminator, expected["params_after"], lr["D"])

    expected = results["Dreg"]
    discriminator.zero_grad()
    frames, times = iteration.real()
    frames.requires_grad_()
    logits = discriminator(frames, times)
    penalty = r1_penalty(logits, frames)
    by_frame = torch.tensor(expected["reports"]["Loss/r1_penalty"]).reshape(len(logits), -1)
    assert_reported({"R1": by_frame.mean(dim=1).tolist()}, "R1", penalty)
    losses = penalty * (case.info["r1_gamma"] / 2)
    (losses.mean() * iteration.r1_gain).backward()
    assert_reported(expected["reports"], "Loss/scores/real", logits)
    assert_reported(expected["reports"], "Loss/D/reg", losses)
    assert_gradients(discriminator, expected["grads"], seed)
    optimizers["D"].step()
    assert_weights(discriminator, expected["params_after"], seed, lr["D"])
    compared |= compare_examples(case, discriminator, expected["params_after"], lr["D"])

    expected = results["ema"]
    update_ema(iteration.average, generator, expected["beta"])
    assert_weights(iteration.average, expected["params_after"], seed, lr["G"])
    assert compared == {key for key in case.arrays if key.startswith("example_param_after_")}
