"""The record of a protocol: its name, settings and key, and when two scores may be compared (docs/protocols.md 1)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from stylesv.config.base import Settings
from stylesv.config.protocol import ProtocolSettings
from stylesv.config.recipe import RECIPE_VERSIONS, recipe_key
from stylesv.errors import ConfigError
from stylesv.records.record_file import read_record, record_yaml

REFERENCE = "reference"


class Protocol(Settings):
    """A way of scoring."""

    name: str
    """Name of its file in config/protocols."""
    key: Annotated[str, Field(pattern=r"^[0-9a-f]{8}$")]
    """Key over its settings and the version of the scoring code (`protocol_key`)."""
    settings: ProtocolSettings
    """Its settings."""

    @classmethod
    def of(cls, name: str, settings: ProtocolSettings) -> "Protocol":
        """The protocol of these settings, as this version of the code scores."""
        return cls(name=name, key=protocol_key(settings), settings=settings)

    @property
    def id(self) -> str:
        """{name}-{key}, as in names of files."""
        return f"{self.name}-{self.key}"

    @property
    def reference(self) -> "Protocol":
        """The part of it that decides the features of the real clips; protocols of any name share it."""
        return Protocol.of(REFERENCE, self.settings.for_real_clips())

    @property
    def choice(self) -> "Protocol":
        """The part of it that decides which snapshot is the best."""
        return Protocol.of(self.name, self.settings.for_choice())

    def used(self, detector_sha256: str) -> "UsedProtocol":
        """This protocol with the detector that is run."""
        return UsedProtocol(name=self.name, key=self.key, settings=self.settings, detector_sha256=detector_sha256)


class UsedProtocol(Protocol):
    """The protocol that made a score, with the detector that was run."""

    detector_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 of the detector: its file, or the weights of random-i3d."""

    @property
    def reference(self) -> "UsedProtocol":
        """The part of it that made the features of the real clips; that part of itself is the same."""
        settings = self.settings.for_real_clips()
        if settings == self.settings:
            return self  # with the key it was made under, which an older version of the scoring code may have given
        return self.model_copy(update={"key": protocol_key(settings), "settings": settings})


def protocol_key(settings: ProtocolSettings) -> str:
    """Key over what decides a protocol's numbers: its settings but for the detector's address, and the scoring code."""
    decisive = settings.for_key().model_dump(mode="json")
    return recipe_key({"protocol": decisive, "version": RECIPE_VERSIONS["score"]})


def read_protocol(path: Path) -> Protocol:
    """Read a protocol that the workflow wrote.

    Raises:
        ConfigError: it is missing, is not a protocol, or was edited by hand: its key no longer fits.
    """
    advice = "delete it to make it again; a changed protocol is another file in config/protocols"
    protocol = read_record(path, Protocol, what="protocol", advice=advice, error=ConfigError)
    if protocol.key != protocol_key(protocol.settings):
        raise ConfigError(f"{path}: its key is {protocol.key}, but its settings have another; {advice}")
    return protocol


def protocol_yaml(protocol: Protocol) -> str:
    """A protocol as `read_protocol` reads it."""
    if protocol.name == REFERENCE:
        comment = "What of a protocol decides the features of real clips; the rest is at fixed values. Explained in"
    else:
        comment = "A protocol as the workflow uses it. Explained in"
    return record_yaml(protocol, f"{comment} config/config.yaml.")


def require_one_protocol(used: Sequence[tuple[str, UsedProtocol]]) -> None:
    """Check that scores, each a name and its protocol, may stand in one column.

    Raises:
        ConfigError: two of them differ in key or detector; the message says in which fields.
    """
    for name, protocol in used[1:]:
        first_name, first = used[0]
        if (protocol.key, protocol.detector_sha256) == (first.key, first.detector_sha256):
            continue
        fields = differing_fields(first.settings.model_dump(mode="json"), protocol.settings.model_dump(mode="json"))
        if first.detector_sha256 != protocol.detector_sha256:
            fields.append(f"detector's SHA-256: {first.detector_sha256[:12]}... and {protocol.detector_sha256[:12]}...")
        reason = "; ".join(fields) or "same settings, but another version of the scoring code"
        raise ConfigError(
            f"{first_name} (protocol {first.id}) and {name} (protocol {protocol.id}) "
            f"cannot be compared: {reason}; score both under one protocol, or put them in separate tables"
        )


def differing_fields(first: Mapping[str, Any], second: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Where two nested mappings differ, as `real.max_clips: 256 and 512`."""
    lines: list[str] = []
    for name in dict.fromkeys([*first, *second]):
        a, b = first.get(name), second.get(name)
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            lines += differing_fields(a, b, f"{prefix}{name}.")
        elif a != b:
            lines.append(f"{prefix}{name}: {a} and {b}")
    return lines
