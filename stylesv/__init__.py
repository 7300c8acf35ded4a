"""StyleSV: smooth video composition, re-implemented from its behaviour (docs/model.md)."""

from typing import TYPE_CHECKING, Any

from stylesv.threads import wait_asleep

if TYPE_CHECKING:
    from stylesv.api import generate, load_generator, score

wait_asleep()  # before anything loads torch
__version__ = "0.1.0"
__all__ = ["__version__", "generate", "load_generator", "score"]


def __getattr__(name: str) -> Any:
    """The calls of `stylesv.api`, once they are asked for: importing torch takes seconds, and most jobs need no score."""
    if name in ("generate", "load_generator", "score"):
        from stylesv import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
