"""A protocol for tests, with some values changed."""

from pathlib import Path
from typing import Any

from stylesv.config.protocol import ProtocolSettings
from stylesv.records.named_protocol import named_protocol
from stylesv.records.protocol import UsedProtocol

PROTOCOLS = Path(__file__).parents[2] / "config" / "protocols"


def values(name: str = "rfvd_16f", **changes: Any) -> dict[str, Any]:
    found = named_protocol(PROTOCOLS.parent, name).settings.model_dump(mode="json")
    for key, value in changes.items():
        found[key] = (found[key] or {}) | value if isinstance(value, dict) else value
    if not found["metric"].startswith("frechet_"):
        beside = ("floor", "neighbours") if "kernel_" in found["metric"] else ("floor", "neighbours", "kernel")
        found |= {name: None for name in beside if name not in changes}
    return found


def protocol(name: str = "rfvd_16f", **changes: Any) -> ProtocolSettings:
    return ProtocolSettings.model_validate(values(name, **changes))


def used(name: str = "rfvd_16f", *, key: str = "0123abcd", sha256: str = "a" * 64, **changes: Any) -> UsedProtocol:
    return UsedProtocol(name=name, key=key, settings=protocol(name, **changes), detector_sha256=sha256)
