"""Adam's bits are those of torch's own class, without its compiler."""

import subprocess
import sys

import torch
from torch import nn

from stylesv.training.adam import Adam

SETTINGS = {"lr": 0.01, "betas": (0.0, 0.99), "eps": 1e-8}
STEPPED = """
import sys
import torch
from stylesv.training.state import Adam
from stylesv.training.segment import run_segment
parameter = torch.nn.Parameter(torch.ones(3))
parameter.grad = torch.ones(3)
Adam([parameter], lr=0.01, betas=(0.0, 0.99), eps=1e-8).step()
print([name for name in ("torch._dynamo", "torch._inductor", "sympy") if name in sys.modules], parameter.tolist())
"""


def test_weights_moments_and_counts_are_those_of_torchs_class():
    torch.manual_seed(0)
    ours = [nn.Parameter(torch.randn(shape)) for shape in ((5,), (3, 4), (2, 3, 3, 3))]
    theirs = [nn.Parameter(parameter.detach().clone()) for parameter in ours]
    adam, expected = Adam(ours, **SETTINGS), torch.optim.Adam(theirs, fused=True, **SETTINGS)
    for number in range(20):
        for one, other in zip(ours, theirs, strict=True):
            one.grad = torch.randn(one.shape)
            other.grad = one.grad.clone()
        if number % 3 == 0:  # a parameter without a gradient is not stepped, and not counted
            ours[1].grad = theirs[1].grad = None
        adam.step()
        expected.step()
    for one, other in zip(ours, theirs, strict=True):
        assert torch.equal(one, other)
        assert set(adam.state[one]) == set(expected.state[other])
        assert all(torch.equal(adam.state[one][name], expected.state[other][name]) for name in adam.state[one])
    assert [adam.state[one]["step"].item() for one in ours] == [20, 13, 20]


def test_a_step_does_not_load_the_compiler():
    done = subprocess.run([sys.executable, "-c", STEPPED], capture_output=True, text=True, check=True)
    assert done.stdout == "[] [0.9900000095367432, 0.9900000095367432, 0.9900000095367432]\n"
