"""Pure functions on tensors: resampling, filtered leaky ReLU, bias and activation, convolutions, spline weights, means of clips.

Each has one readable definition; faster forms stand beside it under the same signature and are held to it by test.
`active_backend` says which is used and why, `computed_with` what else decides the last bits.
"""

from stylesv.ops.backend import active_backend, computed_with
from stylesv.ops.bias_act import bias_act
from stylesv.ops.clip_means import frame_spread, gradient_products, mean_bend, mean_detail, mean_differences
from stylesv.ops.conv_resample import conv2d_resample
from stylesv.ops.filtered_lrelu import filtered_lrelu
from stylesv.ops.modulated_conv import modulated_conv2d
from stylesv.ops.resample import downsample2d, setup_filter, upfirdn2d, upsample2d
from stylesv.ops.spline import quadratic_spline_weights

__all__ = [
    "active_backend",
    "bias_act",
    "computed_with",
    "conv2d_resample",
    "downsample2d",
    "filtered_lrelu",
    "frame_spread",
    "gradient_products",
    "mean_bend",
    "mean_detail",
    "mean_differences",
    "modulated_conv2d",
    "quadratic_spline_weights",
    "setup_filter",
    "upfirdn2d",
    "upsample2d",
]
