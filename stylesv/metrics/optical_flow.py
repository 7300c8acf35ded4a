"""Optical flow between neighbouring frames: where each part of a picture went (docs/protocols.md 7.3).

Farnebäck's method (2003) as OpenCV has it. It was chosen by measurement: on textures with known shifts it is as exact as DIS
(Kroeger et al. 2016), and where frames are flat but for a level of noise it says 0, where DIS, which scales each patch to the
same contrast, finds whole pixels of motion.
"""

import itertools

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

MIN_SIDE_PX, MAX_SIDE_PX = 64, 128  # frames are brought to these before; the window is of as many pixels in all of them
_FARNEBACK = {
    **{"pyr_scale": 0.5, "levels": 3, "winsize": 15, "iterations": 3},
    **{"poly_n": 5, "poly_sigma": 1.1, "flags": 0},
}


def measure_flow(grey: UInt8[np.ndarray, "t h w"]) -> Float32[np.ndarray, "t1 h2 w2 2"]:
    """Flow from each frame to the next, (x, y) in pixels of the frames as given, y downwards.

    It is measured and returned on frames of 64 to 128 pixels a side: smaller ones are enlarged by a whole factor, larger ones
    reduced. OpenCV computes in one thread, so that the result and the time do not depend on who else does.
    """
    cv2.setNumThreads(1)
    small = [_at_flow_size(frame) for frame in grey]
    scale = grey.shape[2] / small[0].shape[1]
    pairs = itertools.pairwise(small)
    return scale * np.stack([cv2.calcOpticalFlowFarneback(a, b, None, **_FARNEBACK) for a, b in pairs])


def _at_flow_size(frame: UInt8[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h2 w2"]:
    height, width = frame.shape
    shorter = min(height, width)
    if shorter < MIN_SIDE_PX:
        factor = -(-MIN_SIDE_PX // shorter)
        return cv2.resize(frame, (width * factor, height * factor), interpolation=cv2.INTER_CUBIC)
    if shorter <= MAX_SIDE_PX:
        return frame
    size = (round(width * MAX_SIDE_PX / shorter), round(height * MAX_SIDE_PX / shorter))
    return cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
