"""The network whose features a protocol compares: what it is, where it comes from, how it is called (docs/protocols.md 3.1)."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from stylesv.config.base import Count, Settings

RANDOM_I3D = "random-i3d"

DetectorKind = Literal[
    "random_i3d",
    "i3d_weights",
    "i3d_torchscript",
    "encoder_torchscript",
    "inception_torchscript",
    "inception_probabilities",
    "c3d_probabilities",
]
OWN_KINDS = ("random_i3d", "i3d_weights")  # resized here; TorchScript files resize inside


class FeatureDetectorSettings(Settings):
    """The network whose features are compared."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
    """`random-i3d`: I3D with fixed-seed random weights, for the demo and tests, whose scores are called rfvd and rfid;
    or the name of a file, under which fetch_detector keeps it: results/detectors/{name}."""
    kind: DetectorKind
    """How it is called, with uint8 frames. random_i3d; i3d_weights: this project's I3D with the public Kinetics weights
    (a state dict); i3d_torchscript: clips n c t h w with rescale, resize and return_features; encoder_torchscript: clips
    n t c h w, any modern encoder; inception_torchscript: frames with return_features; inception_probabilities: frames
    with no_output_bias; c3d_probabilities: clips n c t h w."""
    url: Annotated[str, Field(pattern=r"^(https?|file)://")] | None
    """Where fetch_detector gets the file; null: it is put there by hand, or there is none (random-i3d)."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None
    """SHA-256 of the file. The papers publish none, so their protocols have null until you have checked your file; null
    for random-i3d, whose hash is recorded with every score."""
    feature_dim: Count
    """Length of a row of features: I3D 400, Inception 2048, probabilities 1008 (Inception) and 101 (C3D on UCF101)."""
    resize_px: Annotated[int, Field(ge=32, le=1024)] | None
    """Height and width of the frames the detector sees, in pixels; null for a TorchScript file, which resizes itself."""
    resize_filter: Literal["bilinear", "bicubic"] | None
    """Antialiased filter of that resize; null for a TorchScript file."""

    @model_validator(mode="after")
    def _consistent(self) -> "FeatureDetectorSettings":
        if self.name.startswith("random-") and self.name != RANDOM_I3D:
            raise ValueError(f"detector {self.name} is unknown; allowed: {RANDOM_I3D}, or the name of a file")
        random = self.name == RANDOM_I3D
        if random != (self.kind == "random_i3d"):
            raise ValueError(f"detector {self.name} has kind {self.kind}; {RANDOM_I3D} and kind random_i3d go together")
        if random and (self.sha256 is not None or self.url is not None):
            raise ValueError(f"sha256 and url belong to a file, and {RANDOM_I3D} is none; set them to null")
        if self.kind in OWN_KINDS and (self.resize_px is None or self.resize_filter is None):
            raise ValueError(f"{self.name} needs resize_px (such as 64) and resize_filter (bilinear or bicubic)")
        if self.kind in OWN_KINDS and self.feature_dim != 400:
            raise ValueError(f"I3D has 400 features, but feature_dim is {self.feature_dim}")
        if self.kind not in OWN_KINDS and (self.resize_px is not None or self.resize_filter is not None):
            raise ValueError(f"detector {self.name} resizes frames itself; set resize_px and resize_filter to null")
        return self

    @property
    def is_random(self) -> bool:
        """Whether its weights are random, so that its scores are no scores of the papers."""
        return self.kind == "random_i3d"
