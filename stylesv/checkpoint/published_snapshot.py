"""The networks of a published snapshot: their options, constructor arguments and weights, as plain data.

Options are OmegaConf nodes whose parent is the whole experiment's configuration, with interpolations in them
(docs/model.md 12.2). Both layouts are read: nodes of OmegaConf 2.0, as in published checkpoints, and those of later ones.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from stylesv.checkpoint.pickle_budget import Budget
from stylesv.checkpoint.published_pickle import PersistentShell, Shell, read_pickle
from stylesv.errors import CheckpointError

NETWORKS = ("G", "G_ema", "D")
_INTERPOLATION = re.compile(r"\$\{([^${}:]+)\}")
_MAX_DEPTH = 40  # interpolations that lead to interpolations, and nested options


@dataclass(frozen=True)
class PublishedNetwork:
    """One network as the published code pickles it."""

    options: dict[str, Any]
    """The resolved `model.generator` or `model.discriminator` of its configuration."""
    arguments: dict[str, Any]
    """What its constructor was given, without the options."""
    tensors: dict[str, Tensor]
    """Parameters and buffers by their published names."""


@dataclass(frozen=True)
class PublishedSnapshot:
    """The networks of a snapshot (of `NETWORKS`, those it has) and the frames it was trained on."""

    networks: dict[str, PublishedNetwork]
    num_frames_shown: int


def read_snapshot(path: Path) -> PublishedSnapshot:
    """Read a snapshot of StyleSV or StyleGAN-V training; nothing in it is run.

    Raises:
        CheckpointError: the file cannot be read, asks for something that is not allowed, or is no such snapshot.
    """
    content = read_pickle(path)
    networks = {}
    for name in NETWORKS:
        if content.get(name) is not None:
            networks[name] = _network(f"{path}: {name}", content[name])
    if "G_ema" not in networks:
        held = ", ".join(str(name)[:40] for name in list(content)[:9]) or "nothing"
        raise CheckpointError(f"{path}: holds no averaged generator G_ema, but {held}; give a snapshot of training")
    stats = content.get("stats")
    shown = stats.get("cur_nimg", 0) if isinstance(stats, dict) else 0
    return PublishedSnapshot(networks, shown if isinstance(shown, int) else 0)


def _network(where: str, shell: Any) -> PublishedNetwork:
    if not isinstance(shell, PersistentShell) or not {"_parameters", "_init_kwargs"} <= set(shell.state):
        raise CheckpointError(
            f"{where} is not a network as StyleSV or StyleGAN-V training writes it; give such a snapshot"
        )
    if shell.state.get("_init_args"):
        raise CheckpointError(f"{where} was built with positional arguments, which StyleSV and StyleGAN-V never do")
    try:
        arguments = dict(shell.state["_init_kwargs"])
        budget = Budget()
        options = plain_values(arguments.pop("cfg", None), budget)
        arguments = {name: plain_values(value, budget) for name, value in arguments.items()}
        tensors = dict(_tensors(shell, budget))
    except CheckpointError as error:
        raise CheckpointError(f"{where}: {error}") from error
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{where} is damaged ({error!r}); fetch it again") from error
    if not isinstance(options, dict):
        raise CheckpointError(f"{where} has no options (cfg); snapshots of StyleGAN2 and StyleGAN3 are not read")
    return PublishedNetwork(options, arguments, tensors)


def _tensors(module: Shell, budget: Budget, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
    """Parameters and persistent buffers of a module and those within it, by their names in a state dict."""
    budget.spend()
    state = module.state
    passing = state.get("_non_persistent_buffers_set", ())
    for name, tensor in {**state["_parameters"], **state["_buffers"]}.items():
        if tensor is not None and name not in passing:
            yield prefix + name, tensor
    for name, child in state["_modules"].items():
        if child is not None:
            yield from _tensors(child, budget, f"{prefix}{name}.")


def plain_values(value: Any, budget: Budget | None = None, depth: int = 0) -> Any:
    """An option with everything in it, as dicts, lists, text and numbers; interpolations are followed.

    An interpolation that leads nowhere stays as it is written: options that do nothing may hold some.
    """
    if depth > _MAX_DEPTH:
        raise CheckpointError("its options refer to themselves")
    budget = budget or Budget()
    budget.spend()
    if isinstance(value, Shell):
        held = _held(value)
        if isinstance(held, str):
            return _interpolate(value, held, budget, depth + 1)
        return plain_values(held, budget, depth + 1)
    if isinstance(value, dict):
        return {name: plain_values(one, budget, depth + 1) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain_values(one, budget, depth + 1) for one in value]
    return value


def _held(node: Shell) -> Any:
    """What a node holds: the content of a container, the value of a leaf."""
    state = node.state if isinstance(node.state, dict) else {}
    return state.get("_content", state.get("_val"))


def _interpolate(node: Shell, text: str, budget: Budget, depth: int) -> Any:
    """Text with what its interpolations refer to; the thing itself if the text is one interpolation."""
    if whole := _INTERPOLATION.fullmatch(text):
        found = _find(node, whole[1], depth)
        return text if found is None else plain_values(found, budget, depth)

    def replace(match: re.Match[str]) -> str:
        found = _find(node, match[1], depth)
        shown = match[0] if found is None else str(plain_values(found, budget, depth))
        budget.spend(len(shown) // 10)
        return shown

    return _INTERPOLATION.sub(replace, text)


def _find(node: Shell, path: str, depth: int) -> Any:
    """What a path refers to, from the root, or with leading dots from the node's container or one above; None: nothing."""
    if depth > _MAX_DEPTH:
        raise CheckpointError("its options refer to themselves")
    dots = len(path) - len(path.lstrip("."))
    found: Any = node
    if dots:
        for _ in range(dots):
            found = None if found is None else found.state.get("_parent")
    else:
        while found.state.get("_parent") is not None:
            found = found.state["_parent"]
    for name in path[dots:].split("."):
        content = _follow(found, depth + 1)
        if not isinstance(content, dict) or name not in content:
            return None
        found = content[name]
    return found


def _follow(found: Any, depth: int) -> Any:
    """What a node holds; if that is one interpolation, what it leads to in the end."""
    while isinstance(found, Shell):
        held = _held(found)
        onward = _INTERPOLATION.fullmatch(held) if isinstance(held, str) else None
        if onward is None:
            return held
        depth += 1
        found = _find(found, onward[1], depth)
    return found
