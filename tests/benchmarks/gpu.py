"""What a GPU's records have on top: against torch.compile of the definition, and shares of the measured ceilings."""

from functools import cache

import torch
from measure import Case, copy_rate, seconds

from stylesv.ops.backend import using_operations


@cache
def copy_ceiling() -> float:
    """Bytes a second of a copy on the GPU."""
    return copy_rate(torch.device("cuda"))


def gpu_shares(case: Case, seconds_fast: float) -> dict[str, float]:
    """Compiled definition over Triton, for operations; share of the copy ceiling, where the bytes are known."""
    device, shares = torch.device("cuda"), {}
    if case.bytes_moved is not None:
        work = torch.compile(case.prepare(device))
        with using_operations("definition"):
            for _ in range(3):
                work()  # compiles
            compiled = min(seconds(work, device) for _ in range(10))
        shares["seconds_compiled"] = compiled
        shares["ratio_compiled"] = compiled / seconds_fast
        shares["copy_share"] = case.bytes_moved / seconds_fast / copy_ceiling()
    return shares
