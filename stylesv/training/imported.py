"""Published checkpoints as snapshots of this project: read without running them, translated, checked by building them.

Here and not beside their reader in `checkpoint`, because building them takes `networks`, which stands on the same floor; a
training begins from such a snapshot as from one that it initialised.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from stylesv.checkpoint import first_not_finite, write_networks
from stylesv.checkpoint.published_snapshot import PublishedNetwork, read_snapshot
from stylesv.errors import CheckpointError
from stylesv.files import file_sha256
from stylesv.networks import Discriminator, Generator
from stylesv.networks.published import discriminator_from_published, generator_from_published, rename_published_keys
from stylesv.records.recipe import ImportedRecipe

PARTS = {"G": "generator", "G_ema": "generator_ema", "D": "discriminator"}


def import_checkpoint(
    pickle: Path, networks_out: Path, *, sha256: str | None = None, recipe: ImportedRecipe | None = None
) -> dict[str, Any]:
    """Write a published pickle's networks as a snapshot; returns the snapshot's facts.

    `recipe`: of the run whose snapshot it is to be; the file must be the one it names, and of its data's resolution.

    Raises:
        CheckpointError: the file does not have the expected SHA-256, cannot be read, asks for something that would run
            code, or holds networks that have no counterpart here, have weights that are not finite, or make images of
            another size; the message says which.
    """
    if recipe is not None:
        sha256 = recipe.source
    digest = file_sha256(pickle)
    if sha256 is not None and digest != sha256.lower():
        raise CheckpointError(f"{pickle}: has SHA-256 {digest}, expected {sha256.lower()}; fetch it again")
    snapshot = read_snapshot(pickle)
    try:
        parts, facts = translate_networks(snapshot.networks)
    except CheckpointError as error:
        raise CheckpointError(f"{pickle}: {error}") from error
    if found := first_not_finite(parts):
        raise CheckpointError(f"{pickle}: {found}: the file holds no networks that can be used")
    facts |= {
        "kimg": snapshot.num_frames_shown // 1000,
        "origin": {"file": Path(pickle).name, "sha256": digest, "frames_shown": snapshot.num_frames_shown},
    }
    if recipe is not None:
        resolution = recipe.data.packing.resolution
        if facts["resolution"] != resolution:
            raise CheckpointError(
                f"{pickle}: makes images of {facts['resolution']} px, but the data set has {resolution}; set "
                f"dataset.resolution to {facts['resolution']}"
            )
        facts |= {"recipe": recipe.model_dump(mode="json"), "recipe_key": recipe.key}
    write_networks(networks_out, parts, facts)
    return facts


def translate_networks(
    networks: dict[str, PublishedNetwork],
) -> tuple[dict[str, dict[str, Tensor]], dict[str, Any]]:
    """State dicts under our names, and the facts that a snapshot needs to build its networks again.

    Raises:
        CheckpointError: options or weights have no counterpart here.
    """
    settings, arguments = generator_from_published(networks["G_ema"].options, networks["G_ema"].arguments)
    sampling = networks["G_ema"].options.get("sampling", {})
    facts: dict[str, Any] = {
        "generator": settings.model_dump(mode="json"),
        "discriminator": None,
        "resolution": arguments["resolution"],
        "class_dim": arguments["class_dim"],
        "num_frames": sampling.get("num_frames_per_video"),
        "max_num_frames": sampling.get("max_num_frames"),
        "uniform_times": sampling.get("type") == "uniform",
    }
    if arguments["image_channels"] != 3:
        raise CheckpointError(f"its images have {arguments['image_channels']} channels; only RGB images are supported")
    parts = {}
    for name, network in networks.items():
        if name == "D":
            settings, arguments = discriminator_from_published(network.options, network.arguments)
            facts["discriminator"] = settings.model_dump(mode="json")
            parts[PARTS[name]] = _loaded(name, network, Discriminator, settings, arguments)
        else:
            settings, arguments = generator_from_published(network.options, network.arguments)
            parts[PARTS[name]] = _loaded(name, network, Generator, settings, arguments)
    return parts, facts


def _loaded(
    name: str, network: PublishedNetwork, kind: type[nn.Module], settings: Any, arguments: dict[str, Any]
) -> dict[str, Tensor]:
    """The state dict of our network after it took the published weights, each of which must have its place."""
    with torch.random.fork_rng(devices=[]):
        built = kind(settings, **arguments)
    try:
        built.load_state_dict(rename_published_keys(network.tensors))
    except RuntimeError as error:
        raise CheckpointError(
            f"the weights of {name} do not fit its options: {' '.join(str(error).split())}"
        ) from error
    return built.state_dict()
