"""Attacks use the checkouts of tests/workflow, the Slurm of tests/cluster and the runs of tests/training."""

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
sys.path += [str(TESTS / name) for name in ("workflow", "cluster", "training") if str(TESTS / name) not in sys.path]
