"""The same run from any number of processes, and from a batch computed in parts, up to the order of sums."""

import math
import subprocess
import sys
from pathlib import Path

import pytest
from segment_run import ROOT, TINY, Run, make_clips, recipes_of

from stylesv.checkpoint import read_networks
from stylesv.config.model_checks import largest_cut
from stylesv.distributed.processes import clip_shares
from stylesv.errors import ConfigError
from stylesv.files import read_header
from stylesv.workflow.plan import load_plan

# 21 steps: later, differences of the last bit grow, as in any training of two adversaries
# at the published rates: a larger step makes more of what the order of sums rounds
RATES = {"generator_optimizer": {"lr": 0.0025}, "discriminator_optimizer": {"lr": 0.002}}
LONG_BATCH = {**TINY, "model": {**TINY["model"], "training": {"batch_size": 48, "max_num_frames": 16, **RATES}}}


@pytest.mark.parametrize("num_shares", [1, 2, 3, 6])
def test_shares_hold_every_clip_once_and_keep_groups_whole(num_shares):
    shares = clip_shares(24, group_size=4, num_shares=num_shares)
    assert sorted(clip for share in shares for clip in share) == list(range(24))
    groups = {frozenset(range(first, 24, 6)) for first in range(6)}
    for share in shares:
        in_share = len(share) // 4
        assert {frozenset(share[first::in_share]) for first in range(in_share)} <= groups


def test_one_share_is_the_batch_in_its_order():
    assert clip_shares(12, group_size=4, num_shares=1) == [list(range(12))]
    assert clip_shares(3, group_size=None, num_shares=1) == [[0, 1, 2]]


def test_a_batch_that_cannot_be_cut_is_refused_with_what_can():
    with pytest.raises(ConfigError, match=r"a batch of 16 clips cannot be cut into 3 equal shares .* must divide 4"):
        clip_shares(16, group_size=4, num_shares=3)


@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize(
    ("batch", "group", "weight"), [(32, 4, 0), (24, 4, 0), (4, 4, 0), (8, None, 0), (64, 4, 2), (12, 2, 2)]
)
def test_a_run_gets_as_many_processes_as_its_batch_can_be_cut_for(batch, group, weight, parts):
    demo = load_plan(ROOT / "config", TINY).experiments["demo"].runs[0].settings
    training = demo.training
    loss = training.loss.model_copy(
        update={"path_length": training.loss.path_length.model_copy(update={"weight": weight})}
    )
    settings = demo.model_copy(
        update={
            "training": training.model_copy(update={"batch_size": batch, "loss": loss}),
            "discriminator": demo.discriminator.model_copy(update={"mbstd_group_size": group}),
        }
    )

    def can_be_cut(number: int) -> bool:
        try:
            clip_shares(batch, group_size=group, num_shares=number * parts)
            if weight:
                clip_shares(batch // loss.path_length.batch_shrink, group_size=1, num_shares=number * parts)
        except ConfigError:
            return number == 1
        return True

    for most in (1, 2, 3, 8):
        expected = max(number for number in range(1, most + 1) if can_be_cut(number))
        assert largest_cut(settings, most, parts=parts) == expected


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return make_clips(tmp_path_factory.mktemp("data"))


def relative_difference(run: Run, other: Run) -> float:
    """Norm of the difference over the norm of the weights, of the network that differs most."""
    parts, others = (read_networks(r.file(1, "networks.safetensors"))[0] for r in (run, other))
    return max(
        math.sqrt(
            sum((tensor - others[part][name]).square().sum().item() for name, tensor in tensors.items())
            / sum(tensor.square().sum().item() for tensor in tensors.values())
        )
        for part, tensors in parts.items()
    )


@pytest.fixture(scope="module")
def one_process(tmp_path_factory, data) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("one")
    recipes = recipes_of(LONG_BATCH)
    image = Run(folder / "image", recipes["image"], data).start().train(0, 1)
    return {"image": image}


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 4])
def test_several_processes_give_the_run_of_one(tmp_path, data, one_process, count):
    run = Run(tmp_path, recipes_of(LONG_BATCH)["image"], data).start()
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}", "--"]
    subprocess.run([*torchrun, *run.command(0, 1)], check=True)
    assert read_header(run.file(1, "networks.safetensors"))["step"] == 21
    assert relative_difference(run, one_process["image"]) < 1e-4


@pytest.mark.slow
def test_processes_of_a_cpu_give_the_run_of_one_and_equal_bytes_each_time(tmp_path, data, one_process):
    runs = [Run(tmp_path / name, recipes_of(LONG_BATCH)["image"], data).start() for name in ("first", "second")]
    for run in runs:
        subprocess.run([sys.executable, *run.command(0, 1), "--cpu-processes", "2"], check=True)
    first, second = (run.file(1, "networks.safetensors").read_bytes() for run in runs)
    assert first == second
    assert relative_difference(runs[0], one_process["image"]) < 1e-4
    assert read_header(runs[0].file(1, "networks.safetensors"))["computed_with"]["processes"] == "2"


@pytest.mark.slow
def test_an_error_of_several_processes_is_told_once_and_at_once(tmp_path, data):
    run = Run(tmp_path, recipes_of(LONG_BATCH)["image"], data).start()
    run.file(0, "state.safetensors").write_bytes(b"no state")
    ended = subprocess.run(
        [sys.executable, *run.command(0, 1), "--cpu-processes", "2"], capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 2
    assert ended.stderr.count("error:") == 1
    assert "state.safetensors" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.long
def test_a_batch_computed_in_parts_gives_the_same_run(tmp_path, data, one_process):
    run = Run(tmp_path, recipes_of(LONG_BATCH)["image"], data).start().train(0, 1, accumulation=4)
    assert relative_difference(run, one_process["image"]) < 1e-4
