"""Programs that file permissions hold for, also where the tests run as root."""

import os
import shutil
import subprocess

import pytest


def without_privileges() -> list[str]:
    """What to put before a command; skips the test where root cannot give up what lets it read everything."""
    if os.geteuid() != 0:
        return []
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    if shutil.which("setpriv") is None or subprocess.run([*drop, "true"], capture_output=True).returncode:
        pytest.skip("root reads every file, and there is no setpriv (util-linux) that takes that away")
    return drop
