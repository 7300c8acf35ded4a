"""An index of packed clips with other facts, and the hash of them: what a program wrote, and not a damaged file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stylesv.records.sealed_text import seal_object


def edit_index(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the facts in a folder's index.json."""
    index = json.loads((folder / "index.json").read_text())
    del index["sha256"]
    change(index)
    (folder / "index.json").write_text(seal_object(json.dumps(index, indent=1, ensure_ascii=False) + "\n"))
