"""A dry run of Snakemake in this process: how many calls of our code it makes, and its peak memory, as JSON in a file."""

import cProfile
import json
import pstats
import resource
import sys
from collections import Counter
from pathlib import Path

from snakemake.cli import main

root, checkout, out, *arguments = sys.argv[1:]
profile = cProfile.Profile()
status = None
try:
    profile.runcall(main, arguments)
except SystemExit as end:
    status = end.code
calls: Counter[str] = Counter()
for (file, _, function), (_, num_calls, *_) in pstats.Stats(profile).stats.items():
    if file.startswith((f"{root}/stylesv/", f"{checkout}/rules/", f"{checkout}/Snakefile")):
        calls[function] += num_calls
peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
Path(out).write_text(json.dumps({"status": status, "peak_bytes": peak_bytes, "calls": calls}))
