"""Protocols by name: the settings of a file in config/protocols on top of config.yaml, and the key over them."""

from dataclasses import dataclass
from pathlib import Path

from stylesv.config.detector import RANDOM_I3D, FeatureDetectorSettings
from stylesv.config.protocol import ProtocolSettings, UsedProtocol
from stylesv.config.recipe import RECIPE_VERSIONS, recipe_key
from stylesv.config.validation import validate
from stylesv.config.yaml_files import merge, only_section, read_layer
from stylesv.errors import ConfigError


@dataclass(frozen=True)
class ProtocolPlan:
    """A way of scoring: `name` is {protocol}-{key}."""

    name: str
    title: str
    key: str
    settings: ProtocolSettings

    @property
    def reference(self) -> "ProtocolPlan":
        """The part of it that decides the features of the real clips, under a name of its own."""
        return plan_protocol(self.title, self.settings.for_real_clips())

    @property
    def choice(self) -> "ProtocolPlan":
        """The part of it that decides which snapshot is the best, under a name of its own."""
        return plan_protocol(self.title, self.settings.for_choice())


def plan_protocol(title: str, settings: ProtocolSettings) -> ProtocolPlan:
    """A protocol with its key: of its settings, and of the version of the scoring code."""
    key = recipe_key({"protocol": settings.model_dump(mode="json"), "version": RECIPE_VERSIONS["score"]})
    return ProtocolPlan(f"{title}-{key}", title, key, settings)


def reference_of(used: UsedProtocol) -> UsedProtocol:
    """The part of a protocol that made the features of the real clips; that part of itself is the same."""
    settings = used.settings.for_real_clips()
    if settings == used.settings:
        return used  # with the key it was made under, which an older version of the scoring code may have given
    return used.model_copy(update={"key": plan_protocol(used.name, settings).key, "settings": settings})


def read_protocol(config_dir: Path, name_or_file: str) -> ProtocolPlan:
    """The protocol of a name in config/protocols, or of a file like those, as an experiment would use it.

    Raises:
        ConfigError: there is no such protocol, its file lacks the section `protocol`, or a setting of it cannot be.
    """
    path = Path(name_or_file)
    if path.suffix not in (".yaml", ".yml"):
        path = config_dir / "protocols" / f"{name_or_file}.yaml"
    if not path.exists():
        known = ", ".join(sorted(file.stem for file in (config_dir / "protocols").glob("*.yaml")))
        raise ConfigError(
            f"--protocol {name_or_file}: no such protocol; known: {known}; or give a .yaml file like theirs"
        )
    base = read_layer(config_dir / "config.yaml").section("protocol")
    layer = merge(base, only_section(read_layer(path), "protocol"))
    return plan_protocol(path.stem, validate(ProtocolSettings, layer, prefix=("protocol",)))


def use_detector(plan: ProtocolPlan, given: str, *, random: FeatureDetectorSettings) -> ProtocolPlan:
    """The protocol with the detector that a user gives: `random-i3d`, or the protocol's own as a file.

    `random` has the settings of random-i3d for protocols of a trained detector. The protocol is another one then, of
    another key, and its scores are called rfvd.

    Raises:
        ConfigError: a file is given to a protocol of random-i3d.
    """
    is_random = given == RANDOM_I3D
    if is_random == plan.settings.detector.is_random:
        return plan
    if not is_random:
        raise ConfigError(
            f"--detector {given}: protocol {plan.title} uses {RANDOM_I3D}; leave --detector out, or choose a protocol of a "
            "trained detector, such as fvd2048_16f"
        )
    values = plan.settings.model_copy(update={"detector": random})
    return plan_protocol(plan.title, values)


def random_detector(config_dir: Path) -> FeatureDetectorSettings:
    """The random-i3d of config.yaml."""
    layer = read_layer(config_dir / "config.yaml").section("protocol", "detector")
    return validate(FeatureDetectorSettings, layer, prefix=("protocol", "detector"))
