"""How far apart the frames of a clip are, as numbers for the discriminator (StyleGAN-V section 3.3; docs/model.md 3.5)."""

import math

import torch
from jaxtyping import Float, Real
from torch import Tensor, nn


class TimeDifferenceEncoder(nn.Module):
    """A learnt vector, sines and cosines for each difference between neighbouring frames' times."""

    def __init__(
        self,
        *,
        num_frames: int,
        max_num_frames: int,
        embed_dim: int,
        skip_small_t_freqs: int = 0,
        uniform_times: bool = False,
    ):
        """Differences are below `max_num_frames`. With `uniform_times` all are equal and only the first is encoded."""
        super().__init__()
        self.num_frames = num_frames
        self.num_differences = min(num_frames - 1, 1) if uniform_times else num_frames - 1
        if self.num_differences == 0:
            self.dim = 1
            return
        num_freqs = max(math.ceil(math.log2(max_num_frames)) - skip_small_t_freqs, 0)
        longest = 2 ** math.ceil(math.log2(max_num_frames))
        self.register_buffer("freqs", 2 ** torch.arange(num_freqs) * (math.pi / longest), persistent=False)
        self.const_embed = nn.Embedding(max_num_frames, embed_dim)
        self.dim = self.num_differences * (embed_dim + 2 * num_freqs)

    def forward(self, times: Real[Tensor, "n t"]) -> Float[Tensor, "n d"]:
        """The encoding of each clip; a single zero for clips of one frame, which have no difference."""
        if self.num_differences == 0:
            return torch.zeros([len(times), 1], device=times.device)
        times = times.double()
        differences = (times[:, 1:] - times[:, :-1])[:, : self.num_differences]
        steps = differences.round().long()
        if not steps.is_cuda and not 0 <= int(steps.min()) <= int(steps.max()) < self.const_embed.num_embeddings:
            raise ValueError(
                f"neighbouring frames are {int(steps.min())} to {int(steps.max())} frames apart; the discriminator knows "
                f"distances from 0 to {self.const_embed.num_embeddings - 1}: times must ascend within max_num_frames"
            )
        angles = differences.to(self.freqs.dtype)[..., None] * self.freqs
        return torch.cat([self.const_embed(steps), angles.sin(), angles.cos()], dim=2).flatten(1)
