"""Weights of one run's snapshot as the start of another: image pretraining to video finetuning (docs/model.md 10).

Different from the published code on purpose: nothing is skipped in silence. Every tensor is named as taken, as taken by
repeating rows, as new, or as left; a shape that fits neither way is an error.
"""

from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from stylesv.errors import CheckpointError
from stylesv.records.snapshot import Transfer
from stylesv.training.state import NETWORKS, TrainState

_CONDITION = "discriminator.mapping.embed.weight"
_MASK = "synthesis.fusion.motion_mask"


@dataclass
class TransferReport:
    """Which tensors came over."""

    taken: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    motion_mask: str = "none here"

    def record(self, *, run: str, kimg: int) -> Transfer:
        """For the header of the child of a run's snapshot: the long list as a number."""
        lists = {"repeated": tuple(self.repeated), "new": tuple(self.new), "left": tuple(self.left)}
        return Transfer(run=run, kimg=kimg, taken=len(self.taken), **lists)

    def lines(self) -> list[str]:
        """For a log."""
        lines = [f"{len(self.taken)} tensors taken as they are", f"motion mask: {self.motion_mask}"]
        lines += [f"repeated to the new shape: {name}" for name in self.repeated]
        lines += [f"new: {name}" for name in self.new]
        return lines + [f"left: {name}" for name in self.left]


def transfer_networks(
    state: TrainState,
    parts: dict[str, dict[str, Tensor]],
    *,
    mismatched: Literal["fail", "new"] = "fail",
    motion_mask: Literal["parent", "new"] = "parent",
) -> TransferReport:
    """Copy every tensor of a snapshot that the networks of `state` have, in place.

    The discriminator's last layer gives one number without conditioning and a vector with it: its single row is repeated,
    as the published transfer does by broadcasting. Its layer for what conditions it, the class in images and the class and
    time differences in videos, starts anew where these differ. A motion mask comes over, also one that is fixed in the
    parent and learnt here, unless `motion_mask` is new: image pretraining with a mask of zeros hands zeros on, whatever
    init_motion_mask says. A tensor of another shape is an error, or stays as initialised (`mismatched` new).

    Raises:
        CheckpointError: a tensor has another shape and cannot be repeated; the message names it.
    """
    report = TransferReport()
    for part in NETWORKS:
        source = parts.get(part)
        if source is None:
            raise CheckpointError(f"the parent snapshot holds no {part}; give a whole snapshot of training")
        target = getattr(state, part).state_dict()
        for name, tensor in target.items():
            full = f"{part}.{name}"
            if name not in source:
                report.new.append(full)
            elif name == _MASK and motion_mask == "new":
                report.new.append(full)
                report.left.append(full)
            else:
                _copy(full, source[name], tensor, report, mismatched)
        report.left += [f"{part}.{name}" for name in source if name not in target]
    _describe_mask(state, report)
    return report


def _describe_mask(state: TrainState, report: TransferReport) -> None:
    """Where the generator's motion mask comes from and how large it is: one near zero means clips that stand still."""
    mask = state.generator.state_dict().get(_MASK)
    if mask is not None:
        origin = "started anew" if f"generator.{_MASK}" in report.new else "taken from the parent"
        report.motion_mask = f"{origin}, root mean square {mask.square().mean().sqrt().item():.3g}"


@torch.no_grad()
def _copy(
    name: str, source: Tensor, target: Tensor, report: TransferReport, mismatched: Literal["fail", "new"]
) -> None:
    if source.shape == target.shape:
        target.copy_(source)
        report.taken.append(name)
    elif source.ndim == target.ndim and source.shape[0] == 1 and source.shape[1:] == target.shape[1:]:
        target.copy_(source.expand_as(target))
        report.repeated.append(name)
    elif mismatched == "new" or name == _CONDITION:
        report.new.append(name)
        report.left.append(name)
    else:
        raise CheckpointError(
            f"{name}: shape {tuple(source.shape)} in the parent snapshot, {tuple(target.shape)} here; parent and child must "
            "have the same resolution, widths and layers: make their model settings equal, or set model.mismatched to new"
        )
