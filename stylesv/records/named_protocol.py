"""Protocols by name: the settings of a file in config/protocols, and of those it extends, on top of config.yaml."""

from pathlib import Path

from stylesv.config.detector import RANDOM_I3D, FeatureDetectorSettings
from stylesv.config.named_files import section_of
from stylesv.config.protocol import ProtocolSettings
from stylesv.config.validation import validate
from stylesv.config.yaml_files import merge, read_layer, settings_files
from stylesv.errors import ConfigError
from stylesv.records.protocol import Protocol


def named_protocol(config_dir: Path, name_or_file: str) -> Protocol:
    """The protocol of a name in config/protocols, or of a file like those, as an experiment uses it that changes nothing of it.

    What an experiment file says in a section `protocol` of its own makes another protocol, of another key, which is not asked
    for by this name.

    Raises:
        ConfigError: there is no such protocol, its file lacks the section `protocol` or extends one that is not there, or a
            setting of it cannot be.
    """
    path = Path(name_or_file)
    if path.suffix not in (".yaml", ".yml"):
        path = config_dir / "protocols" / f"{name_or_file}.yaml"
    if not path.exists():
        known = ", ".join(file.stem for file in settings_files(config_dir / "protocols"))
        raise ConfigError(
            f"--protocol {name_or_file}: no such protocol; known: {known}; or give a .yaml file like theirs"
        )
    base = read_layer(config_dir / "config.yaml").section("protocol")
    layer = merge(base, section_of(path, "protocol", folder=config_dir / "protocols"))
    return Protocol.of(path.stem, validate(ProtocolSettings, layer, prefix=("protocol",)))


def use_detector(protocol: Protocol, given: str, *, random: FeatureDetectorSettings) -> Protocol:
    """The protocol with the detector that a user gives: `random-i3d`, or the protocol's own as a file.

    `random` has the settings of random-i3d for protocols of a trained detector. The protocol is another one then, of
    another key, and its scores are called rfvd.

    Raises:
        ConfigError: a file is given to a protocol whose detector is none.
    """
    own = protocol.settings.detector
    if given == own.name or (given != RANDOM_I3D and own.is_file):
        return protocol
    if given != RANDOM_I3D:
        raise ConfigError(
            f"--detector {given}: protocol {protocol.name} uses {own.name}; leave --detector out, or choose a protocol whose "
            "detector is a file, such as fvd2048_16f"
        )
    values = protocol.settings.model_copy(update={"detector": random})
    return Protocol.of(protocol.name, values)


def random_detector(config_dir: Path) -> FeatureDetectorSettings:
    """The random-i3d of config.yaml."""
    layer = read_layer(config_dir / "config.yaml").section("protocol", "detector")
    return validate(FeatureDetectorSettings, layer, prefix=("protocol", "detector"))
