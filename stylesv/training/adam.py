"""Adam, as torch computes it, without the class around it.

`torch.optim.Adam` loads torch's compiler with its first use, which costs every job of a short segment 1 to 2 seconds and is never
used. torch's function of one step, which that class calls, does not.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.optim.adam import adam


class Adam:
    """Steps parameters by their gradients (Kingma and Ba 2015), all in one call; the bits of `torch.optim.Adam`, fused."""

    def __init__(self, parameters: Sequence[nn.Parameter], *, lr: float, betas: tuple[float, float], eps: float):
        self.parameters = list(parameters)
        self.lr, self.betas, self.eps = lr, betas, eps
        self.state: dict[nn.Parameter, dict[str, Tensor]] = {}
        """Of each parameter that was stepped: `exp_avg` of gradients, `exp_avg_sq` of their squares, and `step`, how often."""

    @torch.no_grad()
    def step(self) -> None:
        """Step every parameter that has a gradient."""
        stepped = [parameter for parameter in self.parameters if parameter.grad is not None]
        states = [self._state_of(parameter) for parameter in stepped]
        averages, squares, steps = ([state[name] for state in states] for name in ("exp_avg", "exp_avg_sq", "step"))
        beta1, beta2 = self.betas
        switches = dict.fromkeys(
            ("foreach", "capturable", "differentiable", "has_complex", "amsgrad", "maximize"), False
        )
        adam(
            *(stepped, [parameter.grad for parameter in stepped], averages, squares, [], steps),
            **{
                "fused": True,
                "beta1": beta1,
                "beta2": beta2,
                "lr": self.lr,
                "weight_decay": 0.0,
                "eps": self.eps,
                **switches,
            },
        )

    def _state_of(self, parameter: nn.Parameter) -> dict[str, Tensor]:
        if parameter not in self.state:
            averages = {name: torch.zeros_like(parameter) for name in ("exp_avg", "exp_avg_sq")}
            # the fused step takes a count on the parameter's device
            self.state[parameter] = averages | {"step": torch.zeros((), dtype=torch.float32, device=parameter.device)}
        return self.state[parameter]
