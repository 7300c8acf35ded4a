"""The networks give the published code's values: every layer, image, logit, gradient and penalty of every golden case."""

import copy
import math

import numpy as np
import pytest
import torch
from golden_folder import find_golden_dir
from golden_reader import (
    Case,
    assert_close,
    build_discriminator,
    build_generator,
    case_names,
    crop,
    fill,
    fingerprint,
    statistics,
)

from stylesv.config.model import SynthesisSettings
from stylesv.generation.clips import synthesize, to_uint8
from stylesv.generation.latents import Latents
from stylesv.networks import Generator
from stylesv.networks.blocks import append_minibatch_std, temporal_shift
from stylesv.networks.filters import design_synthesis
from stylesv.networks.layers import Conv1d, FullyConnected, normalize_second_moment
from stylesv.networks.published import SYNTHESIS_DEFAULTS, rename_published_key
from stylesv.networks.time_difference import TimeDifferenceEncoder
from stylesv.networks.time_encoding import FourierFeatures
from stylesv.training.losses import mix_styles

GOLDEN = find_golden_dir()
OUTPUT, FORMULA = 1e-4, 1e-5  # of the largest magnitude
NOISE_FLOORS = 20  # images may also differ by so many times the noise that the case notes
GRADIENT = 1e-3  # of the norm
PROJECTION = 5e-3  # of the norm: a sum of signed rounding errors, 2e-3 between the published values and float64
ROUNDING = 1e-6  # derivatives that are zero but for float32 rounding


@pytest.fixture(scope="module", params=case_names(GOLDEN, "gen_*"))
def generator_case(request) -> Case:
    return Case(GOLDEN, request.param)


@pytest.fixture(scope="module")
def generator(generator_case) -> Generator:
    """The case's generator; tests copy it before they change it."""
    return build_generator(generator_case)


@pytest.fixture(scope="module", params=case_names(GOLDEN, "disc_*"))
def discriminator_case(request) -> Case:
    return Case(GOLDEN, request.param)


def record(module, into: dict, name: str) -> None:
    """Keep what the module returns, as it is called."""
    module.register_forward_hook(lambda _module, _inputs, output: into.__setitem__(name, output))


def record_input(module, into: dict, name: str) -> None:
    """Keep what the module is given, as it is called."""
    module.register_forward_pre_hook(lambda _module, inputs: into.__setitem__(name, inputs[0]))


def run_generator(generator, case: Case) -> tuple[torch.Tensor, dict]:
    """Frames without truncation, and what passed between the parts."""
    seen: dict = {}
    synthesis = generator.synthesis
    record(synthesis.motion_encoder.anchor_codes, seen, "codes")
    record(synthesis.motion_encoder, seen, "motion_v")
    record(synthesis.fusion, seen, "fused")
    layers = dict(zip(case.info["layer_names"], synthesis.layers.values(), strict=True))
    record_input(layers[case.info["layer_names"][0]], seen, "synthesis_input")
    for name, layer in layers.items():
        record(layer, seen, name)
    moving = "after_w_avg" in case
    seen["w"] = generator.mapping(case["in_z"], case["in_c"], update_emas=moving)
    frames = synthesis(seen["w"], case["in_t"], case["in_motion_z"], case["in_c"], update_emas=moving)
    return frames, seen


def noise_floor(case: Case) -> float:
    """What images may differ by at least: the case notes what two ways of convolving differed by."""
    return NOISE_FLOORS * (case.info["stats"].get("noise_floor_max_abs_image") or 0)


@torch.no_grad()
def test_generator_gives_the_published_values(generator_case, generator):
    case, generator = generator_case, copy.deepcopy(generator)
    frames, seen = run_generator(generator, case)
    assert_close(frames.flatten(0, 1), case["image"], relative=OUTPUT, floor=noise_floor(case), what="image")
    assert_close(seen["w"], case["mapping_w"], what="w")
    assert generator.synthesis.num_ws == case.info["num_ws"]

    for name, described in case.info["layers"].items():
        assert list(seen[name].shape) == described["shape"], name
        scale = max(abs(number) for number in described["stats"])
        difference = (statistics(seen[name]) - torch.tensor(described["stats"], dtype=torch.float64)).abs().max()
        assert difference <= OUTPUT * scale, f"statistics of {name} are off by {difference:.3g}"
        stored = "synthesis_input_crop" if name == "synthesis_input" else f"layer_crop_{name}"
        error = (crop(seen[name], 2).double() - case[stored].double()).abs().max()
        assert error <= OUTPUT * scale, f"{name} is off by {error:.3g}"

    anchors = ["motion_motion_u0", "motion_motion_u1", "motion_motion_u2"]
    names = anchors if anchors[0] in case else ["motion_motion_u_left", "motion_motion_u_right"]
    for place, name in enumerate(names):
        assert_close(seen["codes"][:, :, place], case[name], what=name)
    assert_close(seen["motion_v"].flatten(0, 1), case["motion_v"], what="motion_v")
    for place, name in ((0, "fused_w_first_layer"), (-1, "fused_w_last_layer")):
        if name in case:
            assert_close(seen["fused"][:, :, place].flatten(0, 1)[:, :64], case[name], what=name)
    for key, value in generator.state_dict().items():
        published = key.replace("synthesis.layers.", "").removesuffix(".magnitude_ema")
        if f"after_magnitude_ema_{published}" in case:
            assert_close(value, case[f"after_magnitude_ema_{published}"], what=key)
    if "after_w_avg" in case:
        assert_close(generator.mapping.w_avg, case["after_w_avg"], what="w_avg")


@torch.no_grad()
def test_truncated_generator_gives_the_published_values(generator_case, generator):
    case = generator_case
    truncation = case.info["truncation"]
    w = generator.mapping(case["in_z"], case["in_c"], truncation=truncation["psi"])
    if truncation["cutoff"] is not None:  # truncated up to this place only
        whole, crossover = generator.mapping(case["in_z"], case["in_c"]), torch.full([len(w)], truncation["cutoff"])
        w = mix_styles(w, whole, crossover=crossover, num_places=generator.synthesis.num_ws)
    by_place = w[:, 0] if w.ndim == 4 else w[:, None]
    assert_close(by_place[:, 0], case["mapping_w_trunc_first"], what="first w")
    assert_close(by_place[:, -1], case["mapping_w_trunc_last"], what="last w")
    if "image_trunc" in case:
        frames = generator.synthesis(w, case["in_t"], case["in_motion_z"], case["in_c"])
        floor = noise_floor(case)
        assert_close(frames.flatten(0, 1), case["image_trunc"], relative=OUTPUT, floor=floor, what="image")


@pytest.mark.parametrize("name", case_names(GOLDEN, "gen_cond*"))
def test_a_generator_with_classes_is_sampled_as_published(name):
    case = Case(GOLDEN, name)
    expected = to_uint8(case["image"]).unflatten(0, case["in_t"].shape).int()
    for clip, times in enumerate(case["in_t"]):
        row = slice(clip, clip + 1)
        latents = Latents(case["in_z"][row], case["in_motion_z"][row], case["in_c"][row])
        (frames,) = synthesize(build_generator(case), latents, times)
        assert (frames[0].int() - expected[clip]).abs().max() <= 1


@pytest.mark.slow
def test_generator_gradients_are_the_published_ones(generator_case, generator):
    case = generator_case
    if not case.info.get("grads"):
        assert "grad_z" not in case
        return
    generator.zero_grad(set_to_none=True)
    z, noise = case["in_z"].requires_grad_(), case["in_motion_z"].requires_grad_()
    frames = generator(z, case["in_t"], noise, case["in_c"])
    loss = (frames.flatten(0, 1) * case["grad_image_weight"]).sum()
    loss.backward()
    assert_same_direction(z.grad, case["grad_z"], "gradient of z")
    assert_same_direction(noise.grad, case["grad_motion_z"], "gradient of the motion noise")
    check_fingerprints(generator, case.info["grads"]["values"], case.info["seed"])


def assert_same_direction(actual: torch.Tensor, expected: torch.Tensor, what: str) -> None:
    """The difference is small against the norm. Single numbers of a gradient jump where a leaky ReLU's input is near 0."""
    actual, expected = actual.double(), expected.double()
    error = (actual - expected).norm() / expected.norm()
    assert error <= GRADIENT, f"{what}: off by {error:.3g} of its norm"


def check_fingerprints(network, published: dict[str, list[float]], seed: int) -> None:
    """Every gradient has the published norm and the published product with a given direction."""
    parameters = dict(network.named_parameters())
    for name, (norm, product) in published.items():
        our_norm, our_product = fingerprint(parameters[rename_published_key(name)].grad, name, seed)
        assert abs(our_norm - norm) <= GRADIENT * norm, f"{name}: norm {our_norm}, published {norm}"
        assert abs(our_product - product) <= PROJECTION * norm, f"{name}: product {our_product}, published {product}"
    ours = {name for name, p in parameters.items() if p.grad is not None}
    assert ours == {rename_published_key(name) for name in published}


def run_discriminator(discriminator, case: Case, frames: torch.Tensor) -> tuple[torch.Tensor, dict]:
    """Logits, and what passed between the parts."""
    seen: dict = {}
    for name, block in discriminator.blocks.items():
        block.register_forward_hook(lambda _m, _i, output, name=name: seen.__setitem__(name, output[0]))
        record_input(block.conv0, seen, f"{name}_conv0_in")
    if discriminator.mapping is not None:
        record(discriminator.mapping, seen, "cmap")
    if discriminator.time_encoder is not None:
        record(discriminator.time_encoder, seen, "time_emb")
    return discriminator(frames.unflatten(0, case["in_t"].shape), case["in_t"], case["in_c"]), seen


@torch.no_grad()
def test_discriminator_gives_the_published_values(discriminator_case):
    case = discriminator_case
    discriminator = build_discriminator(case)
    logits, seen = run_discriminator(discriminator, case, case["in_image_f16"].float())
    assert_close(logits, case["logits"], what="logits")
    for name, described in case.info["activations"].items():
        assert list(seen[name].shape) == described["shape"], name
        scale = max(abs(number) for number in described["stats"])
        difference = (statistics(seen[name]) - torch.tensor(described["stats"], dtype=torch.float64)).abs().max()
        assert difference <= OUTPUT * scale, f"statistics of {name} are off by {difference:.3g}"
        error = (crop(seen[name], 3).double() - case[f"act_crop_{name}"].double()).abs().max()
        assert error <= OUTPUT * scale, f"{name} is off by {error:.3g}"
    for name in ("cmap", "time_emb"):
        assert (name in seen) == (f"act_{name}" in case)
        if name in seen:
            assert_close(seen[name], case[f"act_{name}"], what=name)


def test_discriminator_gradients_and_penalty_are_the_published_ones(discriminator_case):
    case = discriminator_case
    discriminator = build_discriminator(case)
    frames = case["in_image_f16"].float().requires_grad_()
    logits, _ = run_discriminator(discriminator, case, frames)
    main = torch.nn.functional.softplus(-logits).mean()
    main.backward(retain_graph=True)
    assert math.isclose(main.item(), case.info["losses"]["softplus_neg_logits_mean"], rel_tol=OUTPUT)
    check_fingerprints(discriminator, case.info["param_grads"]["main"], case.info["seed"])

    discriminator.zero_grad(set_to_none=True)
    (gradient,) = torch.autograd.grad(logits.sum(), frames, create_graph=True)
    assert_same_direction(gradient, case["grad_image_of_sum_logits"], "gradient of the image")
    assert_close(gradient.flatten(1).norm(dim=1), case["grad_image_l2_per_frame"], relative=GRADIENT, what="its norm")
    per_frame = gradient.square().sum(dim=[1, 2, 3])
    stored = next(name for name in case.arrays if name.startswith("r1_loss_per_video_gamma"))
    gamma = stored.removeprefix("r1_loss_per_video_gamma")
    per_video = float(gamma) / 2 * per_frame.unflatten(0, case["in_t"].shape).mean(dim=1)
    assert_close(per_frame, case["r1_penalty_per_frame"], relative=GRADIENT, what="R1 of each frame")
    assert_close(per_video, case[stored], relative=GRADIENT, what="R1 of each video")
    assert math.isclose(per_video.mean().item(), case.info["losses"][f"r1_gamma{gamma}_mean"], rel_tol=GRADIENT)
    per_video.mean().backward()
    published = {name: pair for name, pair in case.info["param_grads"]["r1"].items() if pair is not None}
    check_fingerprints(discriminator, published, case.info["seed"])


LAYER_DESIGNS = [
    (name, index)
    for name in case_names(GOLDEN, "layer_design*")
    for index in range(len(Case(GOLDEN, name).info["designs"]))
]


@pytest.fixture(params=case_names(GOLDEN, "layer_design*"))
def design_case(request) -> Case:
    return Case(GOLDEN, request.param)


@pytest.fixture(params=case_names(GOLDEN, "ops_conv_layers*"))
def layer_case(request) -> Case:
    return Case(GOLDEN, request.param)


@pytest.mark.parametrize(("name", "index"), LAYER_DESIGNS)
def test_layer_design_is_the_published_one(name, index):
    case = Case(GOLDEN, name)
    published = case.info["designs"][index]
    settings = SynthesisSettings(
        **SYNTHESIS_DEFAULTS | published["extra"],
        fuse_w="concat",
        learnable_motion_mask=True,
        init_motion_mask="zeros",
        low_rank=0,
        freezesyn=0,
    )
    design = design_synthesis(
        settings,
        resolution=published["res"],
        image_channels=3,
        channel_base=published["channel_base"],
        channel_max=published["channel_max"],
    )
    layers = design.layers
    assert [layer.out_size for layer in layers] == published["sizes"]
    assert [layer.out_rate for layer in layers] == published["sampling_rates"]
    assert [layer.out_channels for layer in layers] == published["channels"]
    assert len(layers) + 1 == published["num_ws"]
    np.testing.assert_allclose([layer.out_cutoff for layer in layers], published["cutoffs"], rtol=FORMULA)
    edges = [
        max(stop, rate / 2) for stop, rate in zip(published["stopbands"], published["sampling_rates"], strict=True)
    ]
    np.testing.assert_allclose([layer.out_cutoff + layer.out_half_width for layer in layers], edges, rtol=FORMULA)
    given = published["input"]
    assert [design.input.channels, [design.input.size] * 2] == [given["channels"], given["size"]]
    assert [design.input.sampling_rate, design.input.bandwidth] == [given["sampling_rate"], given["bandwidth"]]
    for layer, expected in zip(design.layers, published["layers"], strict=True):
        check_layer(case, f"d{index}_{layer.name}", layer, expected)
        assert layer.uses_half(published["res"], NUM_FP16_RES) == expected["use_fp16"]


NUM_FP16_RES = 4  # of the recorded designs
EXACT = ("name", "in_channels", "out_channels", "conv_kernel", "is_torgb", "up_taps", "down_taps", "down_radial")


def check_layer(case: Case, prefix: str, layer, expected: dict) -> None:
    for name in EXACT:
        assert getattr(layer, name) == expected[name], f"{prefix}: {name}"
    assert [layer.in_size, layer.out_size] == [expected["in_size"][0], expected["out_size"][0]]
    assert layer.in_rate == expected["in_sampling_rate"]
    assert layer.out_rate == expected["out_sampling_rate"]
    assert layer.tmp_rate == expected["tmp_sampling_rate"]
    assert [layer.up, layer.down] == [expected["up_factor"], expected["down_factor"]]
    assert list(layer.padding) == expected["padding_x0_x1_y0_y1"]
    assert layer.is_critical == expected["is_critically_sampled"]
    for name in ("in_cutoff", "out_cutoff", "in_half_width", "out_half_width"):
        assert math.isclose(getattr(layer, name), expected[name], rel_tol=FORMULA), f"{prefix}: {name}"
    for name, ours in (("up_filter", layer.up_filter()), ("down_filter", layer.down_filter())):
        stored = f"{prefix}_{name}"
        published = case[stored] if stored in case else expected[name]
        if published is None:
            assert ours is None
        else:
            assert_close(ours, torch.as_tensor(published), relative=FORMULA, what=stored)


def test_motion_frequencies_are_the_published_ones(design_case):
    for name, published in design_case.info["motion_freqs"].items():
        dim, shortest, longest = map(int, name.split("_"))
        features = FourierFeatures(4, dim=dim, periods=(float(shortest), float(longest)))
        assert_close(features.freqs, torch.tensor(published), relative=FORMULA, what=name)


def test_time_difference_frequencies_are_the_published_ones(design_case):
    for name, published in design_case.info["disc_log_freqs"].items():
        max_num_frames, skipped = map(int, name.split("_"))
        encoder = TimeDifferenceEncoder(
            num_frames=2, max_num_frames=max_num_frames, embed_dim=4, skip_small_t_freqs=skipped
        )
        assert_close(encoder.freqs, torch.tensor(published), relative=FORMULA, what=name)


@pytest.mark.parametrize("name", case_names(GOLDEN, "time_difference_encoder*"))
def test_time_difference_encoder_gives_the_published_values(name):
    case = Case(GOLDEN, name)
    for described in case.info["cases"]:
        encoder = TimeDifferenceEncoder(
            num_frames=described["num_frames"],
            max_num_frames=described["max_num_frames"],
            embed_dim=256,
            uniform_times=described["type"] == "uniform",
        )
        assert encoder.dim == described["dim"]
        weights = {
            entry["key"]: torch.from_numpy(fill(entry["key"], entry["shape"], described["seed"], case.info["rules"]))
            for entry in described["state_dict"]
            if entry["fill"] == "recipe"
        }
        encoder.load_state_dict(weights)
        prefix = f"c{described['index']}"
        for suffix in ("", "_frac"):
            out = encoder(case[f"{prefix}_t{suffix}"])
            assert_close(out, case[f"{prefix}_out{suffix}"], relative=FORMULA, what=f"{prefix}{suffix}")


def test_fully_connected_layers_give_the_published_values(layer_case):
    case = layer_case
    for index, described in enumerate(case.info["fully_connected"]):
        layer = FullyConnected(
            described["i"],
            described["o"],
            activation=described["act"],
            bias_init=described["b0"],
            lr_multiplier=described["lr"],
        )
        names = ["weight"] if described["b0"] is None else ["weight", "bias"]
        layer.load_state_dict({name: case[f"fc{index}_{name}"] for name in names})
        assert_close(layer(case[f"fc{index}_x"]), case[f"fc{index}_y"], relative=FORMULA, what=f"fc{index}")


def test_convolution_along_time_gives_the_published_values(layer_case):
    case = layer_case
    weight = case["conv1d_weight"]
    layer = Conv1d(weight.shape[1], weight.shape[0], kernel_size=weight.shape[2])
    layer.load_state_dict({"weight": weight, "bias": case["conv1d_bias"]})
    assert_close(layer(case["conv1d_x"]), case["conv1d_y"], relative=FORMULA)


def test_minibatch_standard_deviation_gives_the_published_values_and_derivatives(layer_case):
    case = layer_case
    for described in case.info["minibatch_std"]:
        prefix = f"mbstd{described['index']}"
        x, dy = case[f"{prefix}_x"].requires_grad_(), case[f"{prefix}_dy"].requires_grad_()
        y = append_minibatch_std(x, group_size=described["group_size"], num_channels=described["num_channels"])
        assert_close(y, case[f"{prefix}_y"], relative=FORMULA, what=prefix)
        (first,) = torch.autograd.grad((y * dy).sum(), x, create_graph=True)
        assert_close(first, case[f"{prefix}_d1_x"], relative=FORMULA, what=f"{prefix} first derivative")
        second = torch.autograd.grad((first * case[f"{prefix}_v"]).sum(), [dy, x])
        for name, gradient in zip(("dy", "x"), second, strict=True):
            expected = case[f"{prefix}_d2_{name}"]
            assert_close(gradient, expected, relative=FORMULA, floor=ROUNDING, what=f"{prefix} second {name}")


def test_temporal_shift_gives_the_published_values(layer_case):
    case = layer_case
    for described in case.info["tsm"]:
        prefix = f"tsm{described['index']}"
        shifted = temporal_shift(case[f"{prefix}_x"], described["frames"])
        assert torch.equal(shifted, case[f"{prefix}_y"]), prefix


def test_second_moment_normalisation_gives_the_published_values(layer_case):
    case = layer_case
    assert_close(normalize_second_moment(case["norm2_x"]), case["norm2_y"], relative=FORMULA)
