"""From the published code's options and names to ours, for its checkpoints and golden vectors (docs/model.md 12.1).

`cfg` is the resolved `model.generator` or `model.discriminator` of the published configuration, `class_init` the
arguments of the network's constructor. Names of weights are the same but for a few prefixes.
"""

import re
from collections.abc import Mapping
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor

from stylesv.config.model import (
    DiscriminatorSettings,
    GeneratorSettings,
    MotionSettings,
    SynthesisSettings,
    TimeEncodingSettings,
)
from stylesv.errors import CheckpointError

# defaults of the published constructors, docs/model.md 2.6
SYNTHESIS_DEFAULTS = {
    "num_layers": 14,
    "num_critical": 2,
    "first_cutoff": 2,
    "first_stopband": 2**2.1,
    "last_stopband_rel": 2**0.3,
    "margin_size": 10,
    "output_scale": 0.25,
    "conv_kernel": 3,
    "filter_size": 6,
    "lrelu_upsampling": 2,
    "use_radial_filters": False,
    "always_lr": False,
}
CHANNEL_DEFAULTS = {"channel_base": 32768, "channel_max": 512}

# (pattern, replacement) from published names of weights to ours
RENAMED = (
    (r"^synthesis\.(L\d+_)", r"synthesis.layers.\1"),
    (r"^synthesis\.(motion_mask|affine_w)", r"synthesis.fusion.\1"),
    (r"^synthesis\.motion_encoder\.(conv|rnn)\.", r"synthesis.motion_encoder.anchor_codes.\1."),
    (r"^synthesis\.motion_encoder\.mapping\.", "synthesis.motion_encoder.time_encoder.mapping."),
    (r"^(b(?!4\.)\d+)\.", r"blocks.\1."),
    (r"^synthesis\.b4\.input\.input\.const$", "synthesis.const"),
    (r"^synthesis\.(b\d+)\.", r"synthesis.blocks.\1."),
)
# StyleGAN2's convolutions that upsample are stored mirrored
MIRRORED = re.compile(r"^synthesis\.b\d+\.conv0\.weight$")
# buffers that the constructor computes
DERIVED = re.compile(
    r"(up_filter|down_filter|resample_filter|time_encoder\.freqs|time_encoder\.phase_scales|fourier_coefs)$"
)


def generator_from_published(
    cfg: Mapping[str, Any], class_init: Mapping[str, Any]
) -> tuple[GeneratorSettings, dict[str, Any]]:
    """Our settings and keyword arguments for `Generator`, of StyleSV or, if `cfg` says nothing of `fuse_w`, StyleGAN-V.

    Raises:
        CheckpointError: for an option that has no counterpart here, or options that contradict each other.
    """
    _known("generator class_init", class_init, _G_INIT)
    options = dict(class_init.get("synthesis_kwargs", {}))
    alias_free = "fuse_w" in cfg
    _known("synthesis_kwargs", options, _SYNTHESIS_OPTIONS if alias_free else _BLOCK_OPTIONS)
    if not alias_free and cfg.get("use_noise", False):
        raise CheckpointError("generator option use_noise (True) has no counterpart here; StyleGAN-V has it false")
    try:
        settings = GeneratorSettings(
            architecture="stylegan3" if alias_free else "stylegan2",
            z_dim=cfg["z_dim"],
            w_dim=class_init["w_dim"],
            num_mapping_layers=2,
            freezemap=cfg.get("freezemap", False),
            **{name: options.get(name, default) for name, default in CHANNEL_DEFAULTS.items()},
            conv_clamp=options.get("conv_clamp", 256 if alias_free else None),
            num_fp16_res=options.get("num_fp16_res", 4 if alias_free else 0),
            update_emas=not alias_free,
            motion=_motion_settings(cfg),
            synthesis=_synthesis_settings(cfg, options) if alias_free else None,
        )
    except (KeyError, ValidationError) as error:
        raise CheckpointError(f"generator options cannot be used: {_reason(error)}") from error
    arguments = {
        "resolution": class_init["img_resolution"],
        "image_channels": class_init["img_channels"],
        "class_dim": class_init["c_dim"],
    }
    return settings, arguments


def _synthesis_settings(cfg: Mapping[str, Any], options: Mapping[str, Any]) -> SynthesisSettings:
    low_rank = max(cfg.get("low_rank") or 0, 0)
    chosen = {name: options.get(name, default) for name, default in SYNTHESIS_DEFAULTS.items()}
    return SynthesisSettings(
        **chosen | {"always_lr": bool(chosen["always_lr"] and low_rank)},
        fuse_w=cfg["fuse_w"],
        learnable_motion_mask=cfg["learnable_motion_mask"],
        init_motion_mask=cfg["init_motion_mask"],
        low_rank=low_rank,
        freezesyn=cfg["freezesyn"],
    )


def _motion_settings(cfg: Mapping[str, Any]) -> MotionSettings:
    motion, time_enc = cfg["motion"], cfg["time_enc"]
    recurrent = motion["gen_strategy"] == "autoregressive"
    bspline = cfg.get("bspline", False)
    blended = bool(bspline and motion["fourier"])
    encoding = None
    if motion["fourier"]:
        encoding = TimeEncodingSettings(
            **{name: time_enc[name] for name in ("dim", "min_period_len", "max_period_len")}
        )
    return MotionSettings(
        z_dim=motion["z_dim"],
        v_dim=motion["v_dim"],
        motion_z_distance=motion.get("motion_z_distance") or time_enc["min_period_len"],
        gen_strategy=motion["gen_strategy"],
        kernel_size=None if recurrent else motion["kernel_size"],
        time_enc=encoding,
        bspline=bspline,
        bs_emb=blended and cfg["bs_emb"],
        offset=cfg["offset"] if blended else 0,
    )


def discriminator_from_published(
    cfg: Mapping[str, Any], class_init: Mapping[str, Any]
) -> tuple[DiscriminatorSettings, dict[str, Any]]:
    """Our settings and keyword arguments for `Discriminator`.

    Raises:
        CheckpointError: for an option that has no counterpart here, or options that contradict each other.
    """
    _known("discriminator class_init", class_init, _D_INIT)
    block, epilogue = class_init.get("block_kwargs", {}), class_init.get("epilogue_kwargs", {})
    mapping, sampling = class_init.get("mapping_kwargs", {}), cfg["sampling"]
    _known("block_kwargs", block, {"freeze_layers"})
    _known("epilogue_kwargs", epilogue, {"mbstd_group_size", "mbstd_num_channels"})
    _known("discriminator mapping_kwargs", mapping, {"num_layers"})
    freeze_layers, tmean = block.get("freeze_layers", 0), cfg.get("tmean", False)
    try:
        settings = DiscriminatorSettings(
            architecture=class_init.get("architecture", "resnet"),
            **{name: class_init.get(name, default) for name, default in CHANNEL_DEFAULTS.items()},
            conv_clamp=class_init.get("conv_clamp"),
            num_fp16_res=class_init.get("num_fp16_res", 0),
            num_mapping_layers=mapping.get("num_layers", 2),
            mbstd_group_size=epilogue.get("mbstd_group_size", 4),
            mbstd_num_channels=epilogue.get("mbstd_num_channels", 1),
            concat_res=cfg["concat_res"],
            tmean=tmean,
            num_frames_div_factor=None if tmean else cfg["num_frames_div_factor"],
            tsm=cfg.get("tsm", False),
            dummy_c=cfg["dummy_c"],
            time_embed_dim=256,
            skip_small_t_freqs=cfg.get("skip_small_t_freqs") or 0,
            freeze_layers=freeze_layers,
            always_update=bool(cfg.get("always_update", False) and freeze_layers),
        )
    except (KeyError, ValidationError) as error:
        raise CheckpointError(f"discriminator options cannot be used: {_reason(error)}") from error
    arguments = {
        "resolution": class_init["img_resolution"],
        "image_channels": class_init["img_channels"],
        "class_dim": class_init["c_dim"],
        "num_frames": sampling["num_frames_per_video"],
        "max_num_frames": sampling["max_num_frames"],
        "uniform_times": sampling["type"] == "uniform",
    }
    return settings, arguments


def rename_published_keys(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of a published network under our names, without the buffers that our constructors compute.

    Layers of low rank get the factor 1 that they have implicitly there (it is learnt from 0 here).
    """
    renamed = {}
    for name, value in state_dict.items():
        if DERIVED.search(name):
            continue
        renamed[rename_published_key(name)] = value.flip([2, 3]) if MIRRORED.search(name) else value
        if name.endswith(".w1"):
            renamed[rename_published_key(name).removesuffix("w1") + "low_rank_gain"] = torch.ones([])
    return renamed


def rename_published_key(name: str) -> str:
    """Our name of a published network's parameter or buffer."""
    for pattern, replacement in RENAMED:
        name = re.sub(pattern, replacement, name)
    return name


_G_INIT = {"c_dim", "w_dim", "img_resolution", "img_channels", "mapping_kwargs", "synthesis_kwargs", "cfg"}
_BLOCK_OPTIONS = {*CHANNEL_DEFAULTS, "conv_clamp", "num_fp16_res"}
_SYNTHESIS_OPTIONS = {*SYNTHESIS_DEFAULTS, *_BLOCK_OPTIONS}
_D_INIT = {
    *CHANNEL_DEFAULTS,
    *("c_dim", "img_resolution", "img_channels", "architecture", "num_fp16_res", "conv_clamp", "cfg"),
    *("block_kwargs", "mapping_kwargs", "epilogue_kwargs"),
}


def _known(where: str, options: Mapping[str, Any], known: set[str]) -> None:
    for name in options:
        if name not in known:
            raise CheckpointError(
                f"{where}: option {name} ({options[name]!r}) has no counterpart here; known: {', '.join(sorted(known))}"
            )


def _reason(error: KeyError | ValidationError) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    return "; ".join(f"{'.'.join(map(str, one['loc']))} {one['msg']}" for one in error.errors())
