"""Results of two calls, to be compared: without what says when and where they were made."""

import re
from collections.abc import Mapping


def without_provenance(page: str) -> str:
    """A report's page without its section on provenance: all that depends on time or machine stands there."""
    return re.sub(r'<section id="provenance">.*?</section>', "", page, flags=re.S)


def comparable(results: Mapping[str, bytes]) -> dict[str, bytes]:
    """Files by name without provenance, without logs of training, which hold times, and partial states, which are no results."""
    kept = {}
    for name, content in results.items():
        last = name.rpartition("/")[2]
        if last in ("log.jsonl", "provenance.json", ".snakemake_timestamp") or "partial" in name.split("/"):
            continue
        kept[name] = without_provenance(content.decode()).encode() if last == "index.html" else content
    return kept
