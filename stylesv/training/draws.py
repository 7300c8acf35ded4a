"""Everything random in a training step: a function of (seed, purpose, step), drawn on the CPU for the whole batch.

So a step's numbers do not depend on what was drawn before, on the device, or on how the batch is split.
"""

from dataclasses import dataclass, fields

import torch
from jaxtyping import Float, Int
from torch import Tensor

from stylesv.seeding import torch_generator
from stylesv.training.augment import AugmentParameters, Draws, draw_augment
from stylesv.training.batches import RealClips
from stylesv.training.frame_times import frame_times_for_batch
from stylesv.training.state import TrainState


@dataclass(frozen=True)
class GeneratorInputs:
    """What the generator is given in one phase."""

    times: Float[Tensor, "n t"]
    z: Float[Tensor, "n z"]
    other_z: Float[Tensor, "n z"] | None
    """Of the content that clips move to or mix with; None: they do neither."""
    motion: Float[Tensor, "n k m"]
    time_offset: Float[Tensor, "n"] | None
    """Whole frames by which B-spline motion is shifted; in training only (docs/model.md 2.4)."""
    moving_start: Float[Tensor, "n"] | None
    """Where content that moves from one latent to the other begins; None: it stays."""
    crossover: Int[Tensor, "n"] | None
    """The layer from which on content is the other latent's; None: nowhere."""
    labels: Float[Tensor, "n l"] | None = None
    """1 for the clip's class; None: the networks know none."""

    def rows(self, rows: list[int], device: torch.device) -> "GeneratorInputs":
        """The inputs of some clips of the batch, on a device."""
        drawn = (getattr(self, field.name) for field in fields(self))
        return GeneratorInputs(*(None if one is None else one[rows].to(device, non_blocking=True) for one in drawn))


class StepDraws:
    """Draws for the step that a `TrainState` is at."""

    def __init__(self, state: TrainState, real: RealClips):
        self.state, self.real = state, real
        self.settings, self.seed = state.settings, state.recipe.seed

    @property
    def path_length_clips(self) -> int:
        """Clips that the path length is measured on: the first of the batch."""
        return self.settings.batch_size // self.settings.loss.path_length.batch_shrink

    def path_length_noise(self) -> Float[Tensor, "n t c h w"]:
        """Standard normal images that frames are projected on."""
        resolution = self.state.resolution
        shape = (self.path_length_clips, self.settings.num_frames, 3, resolution, resolution)
        return torch.randn(shape, generator=torch_generator(self.seed, "path length noise", self.state.step))

    def of_augmentation(self, purpose: str) -> AugmentParameters | None:
        """How the discriminator's clips of one phase are augmented; None: not at all."""
        draws = Draws(torch_generator(self.seed, f"augment {purpose}", self.state.step))
        size, resolution = self.settings.batch_size, self.state.resolution
        return draw_augment(
            draws,
            (size, self.settings.num_frames, 3, resolution, resolution),
            probability=self.state.augment_probability,
            transforms=self.settings.augment.transforms,
        )

    def of_generator(self, purpose: str) -> GeneratorInputs:
        """What the generator is given in one phase, for the whole batch."""
        state, size, generator = self.state, self.settings.batch_size, self.state.generator
        times = self._times(purpose)
        noise = torch_generator(self.seed, f"{purpose} latents", state.step)
        z, other_z = torch.randn(2, size, generator.z_dim, generator=noise)
        length = generator.motion_noise_length(float(times.max()))
        motion = torch.randn(size, length, generator.motion_noise_dim, generator=noise)
        start, crossover = self._variation(noise)
        if start is None and crossover is None:
            other_z = None
        labels = self.real.generated_labels(self._numbers())
        return GeneratorInputs(times, z, other_z, motion, self._time_offset(purpose), start, crossover, labels)

    def _variation(self, noise: torch.Generator) -> tuple[Float[Tensor, "n"] | None, Int[Tensor, "n"] | None]:
        """Content that moves to another latent over time, or takes its fine layers from it, as often as the settings say."""
        size, start, crossover = self.settings.batch_size, None, None
        mixing = self.settings.loss.style_mixing_probability
        if self.settings.latent_interpolation.probability > torch.rand((), generator=noise).item():
            start = torch.rand(size, generator=noise)
        if mixing > 0:
            places = self.state.generator.synthesis.num_ws
            chosen = torch.rand(size, generator=noise) < mixing
            crossover = torch.where(chosen, torch.randint(1, places, (size,), generator=noise), places)
        return start, crossover

    def _numbers(self) -> list[int]:
        """Numbers of the step's clips, among all that the run shows to the discriminator."""
        size = self.settings.batch_size
        return list(range(self.state.step * size, (self.state.step + 1) * size))

    def _times(self, purpose: str) -> Float[Tensor, "n t"]:
        settings, numbers = self.settings, self._numbers()
        times = frame_times_for_batch(
            self.seed,
            f"{purpose} times",
            clip_numbers=numbers,
            clip_lengths=self.real.generated_lengths(numbers),
            num_frames=settings.num_frames,
            sampling=settings.frame_sampling,
            max_num_frames=settings.max_num_frames,
            fractional=settings.fractional_times,
        )
        return torch.from_numpy(times).float()

    def _time_offset(self, purpose: str) -> Float[Tensor, "n"] | None:
        largest = self.state.generator.settings.motion.offset
        if largest == 0:
            return None
        draws = torch_generator(self.seed, f"{purpose} offset", self.state.step)
        return torch.randint(largest + 1, (self.settings.batch_size,), generator=draws).float()
