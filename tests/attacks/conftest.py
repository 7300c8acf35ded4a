"""Attacks use the checkouts of tests/workflow and the Slurm of tests/cluster."""

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
sys.path += [str(TESTS / folder) for folder in ("workflow", "cluster") if str(TESTS / folder) not in sys.path]
