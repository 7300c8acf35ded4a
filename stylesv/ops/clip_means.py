"""Means over the responses of a network to a clip, each channel for itself. docs/operations.md 1.7.

Responses on a CPU, in float32, go through C++, in one or two walks each (those whose channels are not last are copied); all else
through PyTorch's own operations, which define them, to rounding.

Raises:
    ValueError: there are fewer frames or places than a mean takes.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from stylesv.ops.backend import active_backend

Clip = Float[Tensor, "t c h w"]
Apart = tuple[int, int, int]
"""Frames, rows and columns from one place to another."""


def mean_differences(x: Clip, apart: Sequence[Apart]) -> list[Float[Tensor, "_ c"]]:
    """Mean absolute difference of places so many frames, rows and columns apart, of each frame that has a later one."""
    for by in apart:
        _require(all(0 <= far < size for far, size in zip(by, (x.shape[0], *x.shape[2:]), strict=True)), x)
    if _has_fused_form(x):
        return torch.ops.stylesv.mean_differences(x, *([by[axis] for by in apart] for axis in range(3)))
    t, _, h, w = x.shape
    return [
        (x[frames:, :, rows:, columns:] - x[: t - frames, :, : h - rows, : w - columns]).abs_().mean(dim=(2, 3))
        for frames, rows, columns in apart
    ]


def mean_bend(x: Clip) -> Float[Tensor, "_ c"]:
    """Mean absolute second difference in time, of each three frames."""
    _require(len(x) > 2, x)
    if _has_fused_form(x):
        return torch.ops.stylesv.mean_bend(x)
    return x.diff(dim=0).diff(dim=0).abs_().mean(dim=(2, 3))


def frame_spread(x: Clip) -> tuple[Float[Tensor, "t c"], Float[Tensor, "t c"]]:
    """Standard deviation over each frame, and mean absolute deviation from its mean."""
    if _has_fused_form(x):
        return torch.ops.stylesv.frame_spread(x)
    centred = x - x.mean(dim=(2, 3), keepdim=True)
    return centred.square().mean(dim=(2, 3)).sqrt(), centred.abs().mean(dim=(2, 3))


def mean_detail(x: Clip, near: int, far: int) -> Float[Tensor, "4 c"]:
    """Of detail, which is what differs from the mean of the 3 x 3 around a place: mean square, mean absolute change over `near`
    frames and over `far`, which are more, and mean square of its mean over time.
    """
    _require(0 < near < far < len(x) and min(x.shape[2:]) > 1, x)
    if _has_fused_form(x):
        return torch.ops.stylesv.mean_detail(x, near, far)
    detail = x - _mean_around(x)
    changes = (change.mean(dim=0) for change in mean_differences(detail, [(near, 0, 0), (far, 0, 0)]))
    return torch.stack([detail.square().mean(dim=(0, 2, 3)), *changes, detail.mean(dim=0).square().mean(dim=(1, 2))])


def gradient_products(x: Clip) -> Float[Tensor, "6 _ _"]:
    """Step * right, step * down, right^2, down^2, right * down and step^2, summed over time and channels, a map each.

    A step is the change to the next frame, right and down are the gradients halfway between the two; without the outermost
    places, which have none.
    """
    _require(len(x) > 1 and min(x.shape[2:]) > 2, x)
    if _has_fused_form(x):
        return torch.ops.stylesv.gradient_products(x)
    step = (x[1:] - x[:-1])[..., 1:-1, 1:-1]
    middle = (x[1:] + x[:-1]) / 2
    right = (middle[..., 1:-1, 2:] - middle[..., 1:-1, :-2]) / 2
    down = (middle[..., 2:, 1:-1] - middle[..., :-2, 1:-1]) / 2
    pairs = ((step, right), (step, down), (right, right), (down, down), (right, down), (step, step))
    return torch.stack([(one * other).sum(dim=(0, 1)) for one, other in pairs])


def _require(enough: bool, x: Clip) -> None:
    if not enough:
        raise ValueError(f"responses {tuple(x.shape)} (t, c, h, w) have too few frames or places for this mean")


def _has_fused_form(x: Tensor) -> bool:
    """It has no derivative."""
    on_cpu = x.device.type == "cpu"  # asked first: no GPU's form is tried for what has none
    return on_cpu and x.dtype == torch.float32 and not x.requires_grad and active_backend(x.device)[0] == "cpp"


def _mean_around(x: Clip) -> Clip:
    """Mean of the 3 x 3 around each place, of those that there are; several times faster than average pooling."""
    for axis in (-1, -2):
        count = torch.full((x.shape[axis],), 3.0, device=x.device, dtype=x.dtype)
        count[0] = count[-1] = 2
        around = x.clone()
        around.narrow(axis, 1, x.shape[axis] - 1).add_(x.narrow(axis, 0, x.shape[axis] - 1))
        around.narrow(axis, 0, x.shape[axis] - 1).add_(x.narrow(axis, 1, x.shape[axis] - 1))
        x = around.div_(count if axis == -1 else count[:, None])
    return x
