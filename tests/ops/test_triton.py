"""Triton's kernels are right in its interpreter, compile for the GPUs of today without one, and are not used elsewhere."""

import logging
import os
import subprocess
import sys

import pytest
import torch

from stylesv.ops import backend, banded, resample
from stylesv.ops.backend import active_backend, triton_complaint

triton = pytest.importorskip("triton", reason="Triton is for Linux only")

from stylesv.ops import triton_walk  # noqa: E402
from stylesv.ops.fused import LINEAR, LRELU, MASKED  # noqa: E402


@pytest.mark.slow
def test_in_the_interpreter_the_kernels_agree_with_the_definition(root):
    """Triton decides when it is imported whether it interprets; so in another process."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "tests/ops/test_ops_agreement.py"]
    environment = os.environ | {"TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"}
    run = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
    assert " passed, 1 skipped in " in run.stdout, run.stdout  # float64


def signature(kind: int, *, ones: bool) -> tuple[dict, dict]:
    """Types of the kernel's arguments and values of its constants, as Triton derives them from a call.

    Absent tensors become constants, and so do all numbers that are 1: here none, or every one.
    """
    number = "constexpr" if ones else "i32"
    pair = (number, number)
    filter = ("*fp32", number, pair, pair, pair)
    source = "*fp32" if kind == MASKED else "constexpr"
    bias = "constexpr" if kind == LINEAR else "*fp32"
    types = {"value": "*fp32", "source": source, "bias": bias, "out": "*fp32", "sums": "*fp32"}
    types |= {"up": filter, "source_up": filter, "down": filter, "sizes": (pair,) * 3, "shape": (number,) * 4}
    types |= {"activation": ("fp32",) * 3}
    constants = {}
    for place, (name, type) in enumerate(types.items()):
        absent = None if name in ("source", "bias") else 1
        constants |= {(place, *at): absent for at in constant_places(type)}
    return types, constants


def constant_places(type: str | tuple) -> list[tuple[int, ...]]:
    """Where in nested tuples of types the constants are."""
    if isinstance(type, str):
        return [()] if type == "constexpr" else []
    return [(place, *rest) for place, inner in enumerate(type) for rest in constant_places(inner)]


@pytest.mark.slow
@pytest.mark.parametrize("capability", [75, 80, 90])
@pytest.mark.parametrize("ones", [False, True])
@pytest.mark.parametrize("kind", [LINEAR, LRELU, MASKED])
def test_the_kernels_compile_without_a_gpu_and_fit_its_shared_memory(capability, ones, kind, tmp_path, monkeypatch):
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    types, constants = signature(kind, ones=ones)
    precision = "ieee" if capability < 80 else "tf32x3"
    blocks = {"kind": kind, "size_out": 32, "size_wide": 64, "size_in": 64, "size_source": 64, "precision": precision}
    for name, value in blocks.items():
        types[name] = "constexpr"
        constants[(len(types) - 1,)] = value
    source = triton.compiler.ASTSource(fn=triton_walk._walk_tile, signature=types, constexprs=constants)
    target = triton.backends.compiler.GPUTarget("cuda", capability, 32)
    options = {"num_warps": triton_walk.WARPS, "num_stages": triton_walk.STAGES}
    compiled = triton.compile(source, target=target, options=options)
    assert len(compiled.asm["cubin"]) > 0
    assert compiled.metadata.shared <= 65536  # bytes; a block may have 64 KiB on Turing, 99 and more since


def test_where_triton_is_missing_or_broken_the_reason_is_said_aloud(monkeypatch, caplog):
    def broken(kind: str) -> None:
        raise RuntimeError("Failed to find C compiler.\nmore")

    monkeypatch.setattr(triton_walk, "probe", broken)
    backend._backend.cache_clear()
    reason = "a Triton kernel does not run here: RuntimeError: Failed to find C compiler."
    assert active_backend("cuda") == ("torch", reason)
    assert caplog.messages == [f"the cuda operations run as plain PyTorch, several times slower: {reason}"]

    monkeypatch.delitem(sys.modules, "stylesv.ops.triton_walk")
    monkeypatch.setitem(sys.modules, "triton", None)
    assert triton_complaint("cuda").startswith("cannot import triton: ")
    backend._backend.cache_clear()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device: Triton runs")
def test_without_a_gpu_the_probe_says_so():
    assert triton_complaint("cuda").startswith("a Triton kernel does not run here: ")


def test_what_triton_cannot_do_runs_as_torch_and_is_said_once(monkeypatch, caplog):
    monkeypatch.setattr(resample, "active_backend", lambda device: ("triton", "as if"))
    backend.say_no_fast_form.cache_clear()
    x, long = torch.zeros(1, 1, 4, 4), torch.ones(33)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert resample.implementation(x.double(), None) is banded
            assert resample.implementation(x, None, long) is banded
    assert resample.implementation(x, None) is triton_walk.TRITON
    assert caplog.messages == [
        "torch.float64 images, which the triton form does not do, so it runs as plain PyTorch, several times slower",
        "a filter of 33 taps, which the triton form does not do, so it runs as plain PyTorch, several times slower",
    ]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_on_a_gpu_triton_is_chosen():
    assert active_backend("cuda") == ("triton", "Triton compiles and runs")
