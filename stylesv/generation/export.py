"""The generator for other programs: a file that torch alone runs, without this package.

The graph holds PyTorch's own operations only: resampling in one of its plain forms, never the C++ or Triton ones. Clips,
frames and anchors of motion noise may be as many as one likes.
"""

import io
import warnings
from pathlib import Path
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from stylesv.errors import ConfigError
from stylesv.files import file_sha256, readable_json, write_bytes
from stylesv.generation.clips import load_generator, prepare_truncation
from stylesv.networks.generator import Generator
from stylesv.ops.backend import using_operations

Form = Literal["pt2", "torchscript"]
PLAIN_FORMS: dict[Form, str] = {"pt2": "torch", "torchscript": "definition"}
"""How resampling is done in each: TorchScript cannot hold the faster one, whose derivative is written by hand."""
SUFFIXES: dict[str, Form] = {".pt2": "pt2", ".pt": "torchscript"}
FACTS = "generator.json"  # the name of the facts inside the file
_MOST = 1 << 20
_EXAMPLE_FRAMES = 16


class ExportedCall(nn.Module):
    """What is exported: content noise, motion noise, times, and labels where the snapshot knows classes, to frames."""

    def __init__(self, generator: Generator, truncation: float | int):
        super().__init__()
        self.generator = generator
        self.truncation = truncation

    def forward(
        self,
        z: Float[Tensor, "n z"],
        motion_noise: Float[Tensor, "n k m"],
        times: Float[Tensor, "n t"],
        labels: Float[Tensor, "n c"] | None = None,
    ) -> Float[Tensor, "n t rgb h w"]:
        """Frames, about -1 to 1."""
        return self.generator(z, times, motion_noise, labels, truncation=self.truncation)


def export_generator(networks: Path, out: Path, *, truncation: float | int = 1.0) -> tuple[dict[str, Any], str | None]:
    """Write a snapshot's averaged generator as .pt2 (torch.export) or .pt (TorchScript), by the name's ending.

    Returns the facts that the file holds, too (`generator.json` among its extra files), and a sentence where the mean of w
    had to be estimated.

    Raises:
        ConfigError: the name has another ending.
        CheckpointError: the snapshot is missing or damaged.
        MachineError: the file cannot be written.
    """
    form = SUFFIXES.get(out.suffix.lower())
    if form is None:
        raise ConfigError(f"--out {out}: give a name that ends in .pt2 (torch.export) or .pt (TorchScript)")
    generator, snapshot = load_generator(networks)
    generator.cpu()
    note = prepare_truncation(generator, truncation)
    facts = {
        "inputs": input_facts(generator),
        "sizes": example_sizes(generator),
        "output": "frames (clips, frames, colours, height, width), about -1 to 1; 8-bit: (x * 127.5 + 128) clamped to 0..255",
        "resolution": generator.resolution,
        "frames_between_anchors": generator.synthesis.motion_encoder.distance,
        "anchors_beyond_the_last": generator.motion_noise_length(0) - 1,
        "truncation": float(truncation),
        "kimg": snapshot.kimg,
        "networks_sha256": file_sha256(networks),
    }
    write_exported(generator, out, form, truncation=truncation, facts=facts)
    return facts, note


def write_exported(
    generator: Generator, path: Path, form: Form, *, truncation: float | int = 1.0, facts: dict[str, Any] | None = None
) -> None:
    """Write a generator in a form, under any name.

    Raises:
        MachineError: it cannot be written.
    """
    call, inputs = ExportedCall(generator, truncation).eval(), example_inputs(generator)
    extra = {FACTS: readable_json(facts or {})}
    file = io.BytesIO()  # torch ends the process where a disk does not take its archive
    with torch.no_grad(), using_operations(PLAIN_FORMS[form]), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is no longer developed; sizes that are asked for are constants
        if form == "torchscript":
            traced = torch.jit.trace(call, inputs, check_trace=False)
            torch.jit.save(traced, file, _extra_files=extra)
        else:
            program = torch.export.export(call, inputs, dynamic_shapes=_dynamic(inputs), strict=False)
            torch.export.save(program, file, extra_files=extra)
    write_bytes(path, file.getvalue())


def example_inputs(generator: Generator) -> tuple[Tensor, ...]:
    """Inputs of several sizes that are all unlike each other."""
    clips, times = 3, torch.tensor([[0.0, 1.5, 5.0, 30.0]]).repeat(3, 1)
    anchors = generator.motion_noise_length(float(times.max())) + 2
    inputs = [torch.randn(clips, generator.z_dim), torch.randn(clips, anchors, generator.motion_noise_dim), times]
    if generator.class_dim:
        inputs.append(torch.eye(generator.class_dim)[[0] * clips])
    return tuple(inputs)


def input_facts(generator: Generator) -> dict[str, str]:
    """What goes in, in order."""
    facts = {
        "z": f"(clips, {generator.z_dim}), N(0, 1): content",
        "motion_noise": f"(clips, anchors, {generator.motion_noise_dim}), N(0, 1): motion",
        "times": "(clips, frames), float: times in frames, from 0; they need "
        "floor(last / frames_between_anchors) + 1 + anchors_beyond_the_last anchors",
    }
    if generator.class_dim:
        facts["labels"] = f"(clips, {generator.class_dim}): 1 for the clip's class, else 0"
    return facts


def example_sizes(generator: Generator) -> str:
    """All of them in numbers, for a clip of some frames."""
    frames, distance = _EXAMPLE_FRAMES, generator.synthesis.motion_encoder.distance
    anchors, size = generator.motion_noise_length(frames - 1), generator.resolution
    labels = f", labels (1, {generator.class_dim})" if generator.class_dim else ""
    return (
        f"a clip of {frames} frames: z (1, {generator.z_dim}), motion_noise (1, {anchors}, {generator.motion_noise_dim}), times "
        f"(1, {frames}) from 0 to {frames - 1}{labels}; frames (1, {frames}, {generator.image_channels}, {size}, {size}); "
        f"every {distance} frames more it needs one anchor more"
    )


def _dynamic(inputs: tuple[Tensor, ...]) -> tuple[dict[int, Any], ...]:
    clips = torch.export.Dim("clips", min=1, max=_MOST)
    anchors, frames = torch.export.Dim("anchors", min=2, max=_MOST), torch.export.Dim("frames", min=1, max=_MOST)
    return ({0: clips}, {0: clips, 1: anchors}, {0: clips, 1: frames}, {0: clips})[: len(inputs)]
