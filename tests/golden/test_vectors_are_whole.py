"""The golden vectors of this checkout are those that were made: every file of the manifest, byte for byte, and no other."""

import hashlib
import json

from golden_folder import VECTORS

ADDED = {"MANIFEST.json", "PROVENANCE.md"}


def test_every_file_is_the_one_in_the_manifest():
    listed = {entry["file"]: entry["sha256"] for entry in json.loads((VECTORS / "MANIFEST.json").read_text())}
    found = {
        path.relative_to(VECTORS).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VECTORS.rglob("*")
        if path.is_file()
    }
    assert {name: digest for name, digest in found.items() if name not in ADDED} == listed
