"""The operations give the published code's values, first and second derivatives."""

import json
from pathlib import Path

import pytest
import torch
from golden_reader import Case
from torch import Tensor

from stylesv.ops import (
    bias_act,
    conv2d_resample,
    downsample2d,
    filtered_lrelu,
    modulated_conv2d,
    quadratic_spline_weights,
    setup_filter,
    upfirdn2d,
    upsample2d,
)
from stylesv.ops.bias_act import DEFAULT_GAIN
from stylesv.ops.resample import centred_padding

TOLERANCE = 1e-5  # of the largest magnitude in the published array
ROUNDING = 0.1  # a largest magnitude below this is not trusted: gradients that are zero but for float32 rounding


@pytest.fixture(params=["cpp", "torch", "definition"])
def implementation(request, monkeypatch) -> str:
    """Every golden case is computed by every implementation."""
    monkeypatch.setenv("STYLESV_OPS", request.param)
    return request.param


def read(golden_dir: Path, name: str) -> tuple[dict, dict[str, Tensor]]:
    case = Case(golden_dir, name)
    return case.info, {key: case[key] for key in case.arrays}


def assert_close(ours: Tensor, published: Tensor, what: str) -> None:
    assert ours.shape == published.shape, f"{what}: shape {tuple(ours.shape)}, published {tuple(published.shape)}"
    error = (ours.detach().double() - published.double()).abs().max().item() if ours.numel() else 0.0
    assert error <= TOLERANCE * max(published.abs().max().item(), ROUNDING), f"{what}: off by {error:.3g}"


def check_values_and_derivatives(prefix: str, arrays: dict[str, Tensor], inputs: dict[str, Tensor], call) -> None:
    """`call` on the inputs gives y; d1 are the gradients of sum(y * dy), d2 those of sum(d1_x * v)."""
    inputs = {name: value.clone().requires_grad_() for name, value in inputs.items()}
    y = call(inputs)
    assert_close(y, arrays[f"{prefix}_y"], f"{prefix}_y")
    dy = arrays[f"{prefix}_dy"].clone().requires_grad_()
    first = torch.autograd.grad((y * dy).sum(), list(inputs.values()), create_graph=True, allow_unused=True)
    check_gradients(f"{prefix}_d1", arrays, dict(zip(inputs, first, strict=True)))
    with_respect_to = {"dy": dy, **inputs}
    gradient_x = dict(zip(inputs, first, strict=True))["x"]
    second = torch.autograd.grad(
        (gradient_x * arrays[f"{prefix}_v"]).sum(), list(with_respect_to.values()), allow_unused=True
    )
    check_gradients(f"{prefix}_d2", arrays, dict(zip(with_respect_to, second, strict=True)))


def check_gradients(prefix: str, arrays: dict[str, Tensor], ours: dict[str, Tensor | None]) -> None:
    """Each gradient is the published one; where none was stored it is zero by construction."""
    for name, gradient in ours.items():
        published = arrays.get(f"{prefix}_{name}")
        if published is not None and gradient is None:
            gradient = torch.zeros_like(published)
        if published is not None:
            assert_close(gradient, published, f"{prefix}_{name}")
        elif gradient is not None:
            assert not gradient.any(), f"{prefix}_{name} is not zero"


def named_filter(arrays: dict[str, Tensor], name: str, case: dict) -> Tensor | None:
    """A stored filter; the published option flip_filter is a mirrored filter here."""
    filter = None if name == "none" else arrays[f"filter_{name}"]
    if filter is not None and case.get("flip_filter"):
        filter = filter.flip(list(range(filter.ndim)))
    return filter


def given(case: dict, *names: str) -> dict:
    """The options a case sets, and no others, so that the defaults are tested too."""
    return {name: case[name] for name in names if name in case}


def test_upfirdn2d(golden_dir, implementation):
    sidecar, arrays = read(golden_dir, "ops_upfirdn2d")
    for case in sidecar["cases"]:
        prefix, filter = f"c{case['index']}", named_filter(arrays, case["f"], case)
        options = given(case, "up", "down", "padding", "gain")
        check_values_and_derivatives(
            prefix, arrays, {"x": arrays[f"{prefix}_x"]}, lambda i, f=filter, o=options: upfirdn2d(i["x"], f, **o)
        )


def test_resampling_that_keeps_multiplies_or_divides_the_size(golden_dir, implementation):
    _, arrays = read(golden_dir, "ops_upfirdn2d")
    x = arrays["w_x"]

    def centred(f: Tensor, padding: int | list[int], gain: float, **rate: int) -> Tensor:
        return upfirdn2d(x, f, padding=centred_padding(f, padding, **rate), gain=gain, **rate)

    calls = {
        "filter2d": lambda f: centred(f, [1, 0, 0, 2], 1.5),
        "upsample2d": lambda f: upsample2d(x, f),
        "upsample2d_pad": lambda f: centred(f, [1, 2, -1, 0], 0.5 * 2**2, up=2),
        "downsample2d": lambda f: downsample2d(x, f),
        "downsample2d_flip_neg": lambda f: centred(f.flip(list(range(f.ndim))), -2, 1.0, down=2),
    }
    for key in [k for k in arrays if k.startswith("w_") and k != "w_x"]:
        name, _, filter = key.removeprefix("w_").rpartition("_")
        assert_close(calls[name](arrays[f"filter_{filter}"]), arrays[key], key)


def test_setup_filter(golden_dir):
    _, arrays = read(golden_dir, "ops_upfirdn2d")
    sym6 = [0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633, 0.4910559419267466]
    sym6 += [0.787641141030194, 0.3379294217276218, -0.07263752278646252, -0.021060292512300564, 0.04472490177066578]
    sym6 += [0.0017677118642428036, -0.007800708325034148]
    ours = {
        "1331": setup_filter([1, 3, 3, 1]),
        "sym6": setup_filter(sym6),
    }
    assert {f"setup_{name}" for name in ours} <= arrays.keys()
    for name, filter in ours.items():
        assert_close(filter, arrays[f"setup_{name}"], name)


def test_filtered_lrelu(golden_dir, implementation):
    sidecar, arrays = read(golden_dir, "ops_filtered_lrelu")
    for case in sidecar["cases"]:
        prefix = f"c{case['index']}"
        up_filter, down_filter = (named_filter(arrays, case[name], case) for name in ("fu", "fd"))
        options = given(case, "up", "down", "padding", "gain", "slope", "clamp")
        names = ("x",) if case.get("nobias") else ("x", "b")
        inputs = {name: arrays[f"{prefix}_{name}"] for name in names}
        check_values_and_derivatives(
            prefix,
            arrays,
            inputs,
            lambda i, fu=up_filter, fd=down_filter, o=options: filtered_lrelu(i["x"], fu, fd, i.get("b"), **o),
        )


def test_bias_act(golden_dir):
    sidecar, arrays = read(golden_dir, "ops_bias_act")
    # networks have these two activations, one slope, and channels along axis 1
    cases = [case for case in sidecar["cases"] if case["act"] in DEFAULT_GAIN and not {"alpha", "dim"} & case.keys()]
    assert {case["act"] for case in cases} == DEFAULT_GAIN.keys()
    for case in cases:
        prefix, options = f"c{case['index']}", given(case, "gain", "clamp")
        inputs = {name: arrays[f"{prefix}_{name}"] for name in ("x", "b") if f"{prefix}_{name}" in arrays}
        check_values_and_derivatives(
            prefix,
            arrays,
            inputs,
            lambda i, a=case["act"], o=options: bias_act(i["x"], i.get("b"), activation=a, **o),
        )


def test_modulated_conv2d(golden_dir):
    sidecar, arrays = read(golden_dir, "ops_modulated_conv")
    for case in sidecar["cases"]:
        prefix = f"c{case['index']}"
        names = ("x", "w", "s", "w1", "w2", "t")
        inputs = {name: arrays[f"{prefix}_{name}"] for name in names if f"{prefix}_{name}" in arrays}
        options = {"demodulate": case["demod"], "padding": case["padding"]}
        options["input_gain"] = arrays.get(f"{prefix}_input_gain")

        def call(i: dict[str, Tensor], options=options) -> Tensor:
            y = modulated_conv2d(i["x"], i["w"], i["s"], **options)
            if "w1" not in i:
                return y
            product = torch.einsum("orkl,rikl->oikl", i["w1"], i["w2"])  # as SynthesisLayer adds it
            return y + modulated_conv2d(i["x"], product, i["t"], **options)

        check_values_and_derivatives(prefix, arrays, inputs, call)


def published_filter(text: str | None) -> Tensor | None:
    """A filter from the sidecar's words, such as setup_filter([1,3,3,1])."""
    if text is None or text == "none":
        return None
    return setup_filter(json.loads(text.removeprefix("setup_filter(").removesuffix(")")))


def test_conv2d_resample(golden_dir, implementation):
    sidecar, arrays = read(golden_dir, "ops_conv_layers")
    for case in sidecar["conv2d_resample_cases"]:
        prefix, filter = f"c{case['index']}", published_filter(case["filter"])
        options = given(case, "up", "down", "padding")

        def call(i: dict[str, Tensor], case=case, filter=filter, options=options) -> Tensor:
            weight = i["w"] if case["flip_weight"] else i["w"].flip([2, 3])  # theirs is a convolution unless flipped
            return conv2d_resample(i["x"], weight, filter, **options)

        inputs = {name: arrays[f"{prefix}_{name}"] for name in ("x", "w")}
        check_values_and_derivatives(prefix, arrays, inputs, call)


def test_discriminator_convolution_layers(golden_dir, implementation):
    sidecar, arrays = read(golden_dir, "ops_conv_layers")
    filter = setup_filter([1, 3, 3, 1])
    for case in sidecar["conv_layers"]:
        prefix = f"layer{case['index']}"
        bias = arrays.get(f"{prefix}_bias")
        weight = arrays[f"{prefix}_weight"] / (case["I"] * case["k"] ** 2) ** 0.5
        gain = case["gain"] * (2**0.5 if case["act"] == "lrelu" else 1)
        clamp = None if case["clamp"] is None else case["clamp"] * case["gain"]

        def call(i, case=case, weight=weight, gain=gain, clamp=clamp, bias=bias) -> Tensor:
            y = conv2d_resample(i["x"], weight, filter, down=case["down"], padding=case["k"] // 2)
            return bias_act(y, bias, activation=case["act"], gain=gain, clamp=clamp)

        check_values_and_derivatives(prefix, arrays, {"x": arrays[f"{prefix}_x"]}, call)


def test_quadratic_spline_weights(golden_dir):
    _, arrays = read(golden_dir, "ops_bspline")
    assert_close(quadratic_spline_weights(arrays["u"]), arrays["weights_u"], "weights_u")
    tau = arrays["tau"].clone().requires_grad_()
    for interval in range(2, 5):  # knots 0,0,0,1,..,7,7,7: uniform, hence our weights, between 2 and 5
        inside = (tau >= interval) & (tau < interval + 1)
        columns = slice(interval, interval + 3)
        weights = quadratic_spline_weights(tau - interval)
        assert_close(weights[inside], arrays["collmat"][inside, columns], f"collmat from {interval}")
        slopes = [torch.autograd.grad(weights[:, k].sum(), tau, retain_graph=True)[0][inside] for k in range(3)]
        assert_close(torch.stack(slopes, -1), arrays["collmat_deriv1"][inside, columns], f"derivative from {interval}")
