"""A dry run of Snakemake in this process: how many calls of our code it makes, and its peak memory, as JSON in a file."""

import cProfile
import json
import pstats
import re
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
# Linux counts from the program's start here; `ru_maxrss` begins with the memory of the process that started it
peak_kib = int(re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.M)[1])
Path(out).write_text(json.dumps({"status": status, "peak_bytes": peak_kib * 1024, "calls": calls}))
