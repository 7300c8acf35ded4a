"""Settings of the model: contradictions and shapes that cannot work are refused with the reason."""

import sys

import pytest
from pydantic import ValidationError
from tiny_models import CONFIG, MODEL, discriminator_settings, generator_settings, overridden

from stylesv.config.model import DiscriminatorSettings, GeneratorSettings
from stylesv.config.model_checks import check_discriminator, check_generator
from stylesv.config.validation import validate
from stylesv.config.yaml_files import Layer, read_layer


def motion(**changes) -> dict:
    return {"motion": changes}


def synthesis(**changes) -> dict:
    return {"synthesis": changes}


REFUSED_GENERATORS = [
    (motion(time_enc={"min_period_len": 600}), "min_period_len 600 is above max_period_len 512"),
    (motion(gen_strategy="autoregressive"), "kernel_size is for gen_strategy conv"),
    (motion(kernel_size=None), "kernel_size must be a number with gen_strategy conv"),
    (motion(gen_strategy="autoregressive", kernel_size=None), "v_dim 6 differs from z_dim 5"),
    (motion(bs_emb=True), "bs_emb and offset belong to the B-spline"),
    (motion(offset=4), "bs_emb and offset belong to the B-spline"),
    (motion(bspline=True, time_enc=None, bs_emb=True), "over a Fourier encoding"),
    (synthesis(num_layers=2), "num_critical 2 leaves no layer that is not critical"),
    (synthesis(conv_kernel=2), "conv_kernel 2 is even"),
    (synthesis(first_stopband=2), "first_stopband 2 must be above first_cutoff 2"),
    (synthesis(last_stopband_rel=1), "last_stopband_rel 1 must be above 1"),
    (synthesis(always_lr=True), "always_lr without low_rank has no effect"),
    (synthesis(freezesyn=7), "freezesyn 7 is above the number of layers, 6"),
    ({"architecture": "stylegan2"}, "synthesis describes architecture stylegan3"),
    ({"synthesis": None}, "synthesis describes architecture stylegan3"),
    (synthesis(fuse_w="add"), r"motion codes \(18 numbers\), w \(w_dim 12\) and the first layer's channels \(24\)"),
    ({"channel_base": 1}, "channel_base 1 leaves no channel in the first layer"),
    ({"use_noise": True}, "Extra inputs are not permitted"),
    ({"z_dim": "512"}, "should be a valid integer"),
]
REFUSED_DISCRIMINATORS = [
    ({"tmean": False}, "num_frames_div_factor belongs to merging by concatenation"),
    ({"num_frames_div_factor": 2}, "num_frames_div_factor belongs to merging by concatenation"),
    ({"concat_res": 4}, "concat_res 4 must be a power of two from 8 up"),
    ({"concat_res": 24}, "concat_res 24 must be a power of two"),
    ({"always_update": True}, "always_update without freeze_layers has no effect"),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED_GENERATORS)
def test_generator_options_that_contradict_each_other_are_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        generator_settings(**changes)


@pytest.mark.parametrize(("changes", "message"), REFUSED_DISCRIMINATORS)
def test_discriminator_options_that_contradict_each_other_are_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        discriminator_settings(**changes)


@pytest.mark.parametrize("name", sorted(path.stem for path in (CONFIG / "models").glob("*.yaml")))
def test_every_model_file_can_be_built_at_the_papers_resolutions(name):
    changes = read_layer(CONFIG / "models" / f"{name}.yaml").values["model"]
    values = overridden(MODEL, {key: changes.get(key, {}) for key in ("generator", "discriminator", "training")})
    generator = validate(GeneratorSettings, Layer.from_values(values["generator"], name))
    discriminator = validate(DiscriminatorSettings, Layer.from_values(values["discriminator"], name))
    for resolution in (32, 64, 128, 256, 512, 1024):
        check_generator(generator, resolution=resolution)
        check_discriminator(discriminator, resolution=resolution, num_frames=values["training"]["num_frames"])


def test_every_setting_says_what_it_is():
    def walk(kind: type) -> None:
        for name, field in kind.model_fields.items():
            assert field.description, f"{kind.__name__}.{name}"

    module = sys.modules[GeneratorSettings.__module__]
    for kind in vars(module).values():
        if isinstance(kind, type) and kind.__module__ == module.__name__:
            walk(kind)


def test_two_layers_more_than_needed_are_not_refused():
    check_generator(generator_settings(synthesis={"num_layers": 30}), resolution=32)
    check_discriminator(discriminator_settings(concat_res=8), resolution=16, num_frames=3)
