"""Read golden vectors: parameters from their recipe, networks from their options, arrays from beside the description."""

import json
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from golden_folder import find_vectors
from torch import Tensor, nn

from stylesv.networks import Discriminator, Generator
from stylesv.networks.published import (
    DERIVED,
    discriminator_from_published,
    generator_from_published,
    rename_published_key,
    rename_published_keys,
)

Rules = list[tuple[str, str, float, float]]


class Case:
    """One golden case: its description (`info`) and its arrays as tensors."""

    def __init__(self, folder: Path, name: str):
        (description,) = find_vectors(folder, f"{name}.json")
        self.name, self.folder = name, description.parent
        self.info = json.loads(description.read_text())
        arrays = description.with_suffix(".npz")
        self.arrays: dict[str, np.ndarray] = dict(np.load(arrays)) if arrays.exists() else {}

    def __getitem__(self, name: str) -> Tensor:
        return torch.from_numpy(self.arrays[name])

    def __contains__(self, name: str) -> bool:
        return name in self.arrays


def case_names(folder: Path, pattern: str) -> list[str]:
    """Names of the cases whose description matches the pattern, e.g. `gen_*`."""
    return [path.stem for path in find_vectors(folder, f"{pattern}.json")]


def fill(key: str, shape: list[int], seed: int, rules: Rules) -> np.ndarray:
    """Values of one parameter, by the recipe in the vectors' README."""
    random = np.random.RandomState((seed + zlib.crc32(key.encode())) % 2**32)
    normal = random.standard_normal(int(np.prod(shape)) if len(shape) else 1).reshape(shape)
    for pattern, mode, gain, offset in rules:
        if re.search(pattern, key):
            values = offset + (np.exp(gain * normal) if mode == "exp" else gain * normal)
            return np.asarray(values, np.float64).astype(np.float32).reshape(shape)
    raise AssertionError(f"no rule for {key}")


def tiled_fill(key: str, shape: list[int], seed: int, rules: Rules) -> np.ndarray:
    """The recipe of snapshots, whose values repeat after 1,021."""
    size = int(np.prod(shape)) if len(shape) else 1
    return np.resize(fill(key, [min(size, 1021)], seed, rules), size).reshape(shape)


FILLS = {"recipe": fill, "tiled_recipe": tiled_fill}


def load_recipe(network: nn.Module, entries: list[dict[str, Any]], seed: int, rules: Rules) -> None:
    """Fill a network with a case's parameters; every key must be known here, of the same shape and kind.

    The factor that layers of low rank have here alone stays at 1, as it is there.
    """
    published = {}
    parameters = dict(network.named_parameters())
    for entry in entries:
        key = entry["key"]
        if entry["fill"] == "as_constructed":
            if DERIVED.search(key):
                continue
            assert key == "synthesis.input.transform", key
            published[key] = torch.eye(3)
            continue
        published[key] = torch.from_numpy(FILLS[entry["fill"]](key, entry["shape"], seed, rules))
        assert (entry["kind"] == "param") == (rename_published_key(key) in parameters), f"{key} is a {entry['kind']}"
    network.load_state_dict(rename_published_keys(published))
    for name, parameter in parameters.items():
        if name.endswith("low_rank_gain"):
            parameter.requires_grad_(False)


def build_generator(case: Case) -> Generator:
    """The case's generator, with its parameters."""
    settings, arguments = generator_from_published(case.info["cfg"], case.info["class_init"])
    generator = Generator(settings, **arguments)
    load_recipe(generator, case.info["state_dict"], case.info["seed"], case.info["rules"])
    if "synthesis.input.transform" in case:
        generator.synthesis.input.transform.copy_(case["synthesis.input.transform"])
    return generator


def build_discriminator(case: Case) -> Discriminator:
    """The case's discriminator, with its parameters."""
    settings, arguments = discriminator_from_published(case.info["cfg"], case.info["class_init"])
    discriminator = Discriminator(settings, **arguments)
    load_recipe(discriminator, case.info["state_dict"], case.info["seed"], case.info["rules"])
    return discriminator


def crop(x: Tensor, frames: int) -> Tensor:
    """The corner of the centre that is stored of large activations."""
    top, left = max((x.shape[2] - 5) // 2, 0), max((x.shape[3] - 5) // 2, 0)
    return x[:frames, :4, top : top + 5, left : left + 5]


def statistics(x: Tensor) -> Tensor:
    """Mean, population standard deviation, smallest and largest value."""
    x = x.detach().double()
    return torch.stack([x.mean(), x.std(correction=0), x.min(), x.max()])


def fingerprint(gradient: Tensor, name: str, seed: int) -> tuple[float, float]:
    """L2 norm of a gradient, and its product with a direction that its published name gives."""
    direction = fill(f"proj:{name}", list(gradient.shape), seed, [(".*", "normal", 1.0, 0.0)])
    values = gradient.detach().double()
    return float(values.norm()), float((values * torch.from_numpy(direction).double()).sum())


def assert_close(
    actual: Tensor, expected: Tensor, *, relative: float = 1e-4, floor: float = 0.0, what: str = ""
) -> None:
    """Differences below `relative` of the largest expected magnitude, or below `floor`."""
    assert actual.shape == expected.shape, f"{what}: {tuple(actual.shape)} is not {tuple(expected.shape)}"
    expected = expected.double()
    allowed = max(relative * float(expected.abs().max()), floor)
    difference = float((actual.detach().double() - expected).abs().max())
    assert difference <= allowed, f"{what}: off by {difference:.3g}, allowed {allowed:.3g}"
