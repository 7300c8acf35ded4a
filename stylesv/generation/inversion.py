"""From a clip back to what it is made from: content w and motion noise, found by gradient descent.

Content as in appendix D of StyleGAN2 (Karras et al. 2020): Adam with steps that rise at first and fall at last, and noise on w
that fades; w+, one w for each place, as in Image2StyleGAN (Abdal et al. 2019). Different on purpose: a clip has motion, whose
codes are angles of waves, so that descent ends in the next hollow. So clips that are drawn are varied over some generations
first, several of the nearest are descended from, motions are varied once more for the content of the best, and the best goes
on. Nothing that was found is lost to a descent that ends farther away. The loss is the squared error of pixels plus a perceptual
distance.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from stylesv.errors import ConfigError, DataError, DetectorError
from stylesv.generation.classes import labels_of, require_class
from stylesv.generation.clips import draw_w, to_uint8
from stylesv.generation.evolution import evolve, vary_both, vary_motion
from stylesv.generation.latents import Latents, draw_latents
from stylesv.metrics.frame_fidelity import psnr, ssim
from stylesv.metrics.shift_tolerant import shift_tolerant_lpips
from stylesv.networks.generator import Generator
from stylesv.records.codes import Space
from stylesv.records.fidelity import Fidelity
from stylesv.seeding import torch_generator

RISE, FALL = 0.05, 0.25  # shares of the steps in which their size rises, and falls
NOISE, NOISE_UNTIL = (
    0.05,
    0.75,
)  # on w: share of its standard deviation, and share of the steps after which there is none
TRIAL = 0.2  # share of the steps that each start is given
_CAREFUL = 0.3  # share of the learning rate from clips that fit already: whole steps leave their hollow
_COMPARED_FRAMES = 8  # of a draw
_SMALLEST_PX = 11  # of the window of SSIM

Distance = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class InversionSettings:
    """How codes are looked for."""

    space: Space = "w+"
    """w+: in w first, then in w+ from there."""
    steps: int = 300
    """Of descent in each space, besides those that starts are tried with."""
    draws: int = 256
    """Clips drawn to begin from; half as many are in a generation."""
    starts: int = 3
    generations: int = 12
    """Of clips, and half as many of motions alone; 0: the nearest draws are descended from."""
    learning_rate: float = 0.1
    perceptual_weight: float = 1.0
    """Of the perceptual distance, where the squared error of pixels from -1 to 1 has 1."""
    frames_at_once: int = 32
    """Of a step: fewer take less memory; evenly spaced ones are drawn then."""
    perceptual_frames: int = 8
    """Of those, the ones that are compared perceptually."""
    seed: int = 0


@dataclass(frozen=True)
class FoundCodes:
    """Content of `l` places (1: one for all), motion noise, and how true their clip is."""

    w: Float[Tensor, "l d"]
    motion: Float[Tensor, "k m"]
    frames: UInt8[np.ndarray, "t c h w"]
    fidelity: Fidelity


@dataclass(frozen=True)
class Perceptual:
    """A perceptual distance `n c h w, n c h w -> n`, and its name."""

    name: Literal["stlpips", "ssim"]
    distance: Distance
    missing: str | None
    """Why it is not shift-tolerant LPIPS."""


def perceptual_distance(device: torch.device) -> Perceptual:
    """Shift-tolerant LPIPS; 1 - SSIM where its package is not installed."""
    try:
        return Perceptual("stlpips", shift_tolerant_lpips(device), None)
    except DetectorError as error:
        return Perceptual("ssim", lambda frames, others: 1 - ssim(frames, others, data_range=2), str(error))


def count_steps(settings: InversionSettings) -> int:
    """Steps of descent in all, which `invert` tells of."""
    trials = settings.starts if settings.starts > 1 else 0
    trials += _motions_tried(settings) if settings.generations else 0
    return trials * trial_steps(settings) + settings.steps * (2 if settings.space == "w+" else 1)


def trial_steps(settings: InversionSettings) -> int:
    """Steps that each of several starts is tried with."""
    return max(1, round(TRIAL * settings.steps))


def _motions_tried(settings: InversionSettings) -> int:
    """Of those that generations end with."""
    return max(1, settings.starts - 1)


def invert(
    generator: Generator,
    target: UInt8[np.ndarray, "t c h w"],
    settings: InversionSettings,
    *,
    class_number: int | None = None,
    done: Callable[[int], object] = lambda _steps: None,
) -> list[FoundCodes]:
    """Codes whose clip is like the target: in w, and with `space` w+ also there. `done` is told the steps done.

    Raises:
        ConfigError: a class is missing or not known, or a number is out of range.
        DataError: the target has frames of another size.
    """
    return _Inversion(generator, target, settings, class_number, done).found()


class _Inversion:
    def __init__(
        self,
        generator: Generator,
        target: UInt8[np.ndarray, "t c h w"],
        settings: InversionSettings,
        class_number: int | None,
        done: Callable[[int], object],
    ):
        _check(generator, target, class_number)
        self.generator, self.settings, self.done = generator, settings, done
        self.device = generator.mapping.w_avg.device
        self.target = torch.from_numpy(np.ascontiguousarray(target)).to(self.device)
        self.frames = (self.target.float() - 127.5) / 127.5
        self.times = torch.arange(len(target), dtype=torch.float32, device=self.device)[None]
        self.class_number = class_number
        self.labels = None
        if class_number is not None:
            self.labels = labels_of(generator, [class_number]).to(self.device)
        self.perceptual = perceptual_distance(self.device)
        self.steps_done = 0

    def found(self) -> list[FoundCodes]:
        settings, starts = self.settings, self._starts()
        rate = {"rate": _CAREFUL if settings.generations else 1.0}
        tried = {"steps": trial_steps(settings)} | rate
        if len(starts) > 1:
            trials = [self._descend(w, motion, stage=n, **tried) for n, (w, motion) in enumerate(starts)]
            starts = [self._best([*starts, *trials])]
        if settings.generations:
            w, motions = starts[0][0], self._evolved_motions(*starts[0])
            trials = [self._descend(w, motion, stage=n, **tried) for n, motion in enumerate(motions, 100)]
            starts = [self._best([*starts, *trials])]
        noise = NOISE * self._deviation()
        w, motion = self._best([starts[0], self._descend(*starts[0], settings.steps, stage=1000, noise=noise, **rate)])
        results = [self._result("w", w, motion)]
        if settings.space == "w+":
            wide = w.expand(-1, -1, self.generator.synthesis.num_ws, -1)
            found = self._best([(wide, motion), self._descend(wide, motion, settings.steps, stage=1001, **rate)])
            results.append(self._result("w+", *found))
        return results

    @torch.no_grad()
    def _starts(self) -> list[tuple[Tensor, Tensor]]:
        """Content and motion whose clips are nearest to the target, by pixels: of drawn ones, after some generations."""

        def w_of(content: Tensor) -> Tensor:
            return self.generator.mapping(content, self.labels)[:, None, None]

        drawn = [self._draw(number) for number in range(self.settings.draws)]
        found = evolve(
            [(latents.content.to(self.device), latents.motion.to(self.device)) for latents in drawn],
            lambda pair: self._quick_loss(w_of(pair[0]), pair[1]),
            partial(vary_both, draws=torch_generator(self.settings.seed, "clips that are varied")),
            generations=self.settings.generations,
            children=self.settings.draws // 2,
        )
        return [(w_of(content), motion) for content, motion in found[: self.settings.starts]]

    def _evolved_motions(self, w: Tensor, motion: Tensor) -> list[Tensor]:
        """Motions that bring content nearest to the target: of `motion` and of drawn ones, after half as many generations."""
        numbers = range(self.settings.draws, 2 * self.settings.draws)
        found = evolve(
            [(w, motion), *((w, self._draw(number).motion.to(self.device)) for number in numbers)],
            lambda pair: self._quick_loss(*pair),
            partial(vary_motion, draws=torch_generator(self.settings.seed, "motions that are varied")),
            generations=self.settings.generations // 2,
            children=self.settings.draws // 2,
        )
        return [motion for _, motion in found[: _motions_tried(self.settings)]]

    def _draw(self, number: int) -> Latents:
        options = {"max_time": float(self.times.max()), "class_number": self.class_number}
        return draw_latents(self.generator, self.settings.seed, clip_numbers=[number], **options)

    def _quick_loss(self, w: Tensor, motion: Tensor) -> float:
        """By pixels of a few frames."""
        count = min(_COMPARED_FRAMES, len(self.frames))
        places = torch.linspace(0, float(self.times.max()), count, device=self.device).round().long()
        made = self.generator.synthesis(w, self.times[:, places], motion, self.labels)[0].clamp(-1, 1)
        return float((made - self.frames[places]).square().mean())

    def _best(self, found: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        return min(found, key=lambda codes: self._whole_loss(*codes))

    @torch.no_grad()
    def _deviation(self) -> float:
        """Root mean square of the distance of a number of w from its mean, over draws."""
        w = draw_w(self.generator, class_number=self.class_number)
        return float((w - w.mean(dim=0)).square().mean().sqrt())

    def _descend(
        self, w: Tensor, motion: Tensor, steps: int, *, stage: int, noise: float = 0.0, rate: float = 1.0
    ) -> tuple[Tensor, Tensor]:
        """Content `1 1 l d` and motion noise after so many steps; `rate`: share of the learning rate."""
        w, motion = w.clone().requires_grad_(), motion.clone().requires_grad_()
        optimizer = torch.optim.Adam([w, motion])
        draws = torch_generator(self.settings.seed, "inversion", stage)
        for step in range(steps):
            progress = step / steps
            optimizer.param_groups[0]["lr"] = self.settings.learning_rate * rate * ramp(progress)
            strength = noise * max(0.0, 1 - progress / NOISE_UNTIL) ** 2
            shaken = w + torch.randn(w.shape, generator=draws).to(self.device) * strength if strength else w
            loss = self._loss(shaken, motion, draws)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            self.steps_done += 1
            self.done(self.steps_done)
        return w.detach(), motion.detach()

    def _loss(self, w: Tensor, motion: Tensor, draws: torch.Generator) -> Tensor:
        """On frames that are drawn, where there are more than a step has."""
        places = _spread(len(self.frames), self.settings.frames_at_once, draws).to(self.device)
        made = self.generator.synthesis(w, self.times[:, places], motion, self.labels)[0]
        wanted = self.frames[places]
        made = as_shown(made, wanted)
        loss = (made - wanted).square().mean()
        if self.settings.perceptual_weight == 0:
            return loss
        few = _spread(len(places), self.settings.perceptual_frames, draws).to(self.device)
        return loss + self.settings.perceptual_weight * self.perceptual.distance(made[few], wanted[few]).mean()

    @torch.no_grad()
    def _whole_loss(self, w: Tensor, motion: Tensor) -> float:
        return self._loss_of_frames(self._made(w, motion).clamp(-1, 1))

    def _loss_of_frames(self, made: Tensor) -> float:
        error = (made - self.frames).square().mean()
        if self.settings.perceptual_weight == 0:
            return float(error)
        distances = [self.perceptual.distance(*pair).mean() * len(pair[0]) for pair in self._pieces(made, self.frames)]
        return float(error + self.settings.perceptual_weight * sum(distances) / len(made))

    @torch.no_grad()
    def _made(self, w: Tensor, motion: Tensor) -> Tensor:
        pieces = self.times.split(self.settings.frames_at_once, dim=1)
        return torch.cat([self.generator.synthesis(w, piece, motion, self.labels)[0] for piece in pieces])

    def _pieces(self, *frames: Tensor) -> list[tuple[Tensor, ...]]:
        size = self.settings.perceptual_frames
        return list(zip(*(each.split(size) for each in frames), strict=True))

    @torch.no_grad()
    def _result(self, space: Space, w: Tensor, motion: Tensor) -> FoundCodes:
        made = to_uint8(self._made(w, motion))
        pixels, wanted = made.float(), self.target.float()
        stlpips = None
        if self.perceptual.name == "stlpips":
            pairs = self._pieces(pixels / 127.5 - 1, wanted / 127.5 - 1)
            stlpips = torch.cat([self.perceptual.distance(*pair) for pair in pairs]).tolist()
        noise_ratio = psnr(pixels, wanted, data_range=255).tolist()
        likeness = ssim(pixels, wanted, data_range=255).tolist()
        fidelity = Fidelity(
            space=space,
            psnr=_mean(noise_ratio),
            ssim=_mean(likeness),
            stlpips=None if stlpips is None else _mean(stlpips),
            psnr_of_frames=tuple(noise_ratio),
            ssim_of_frames=tuple(likeness),
            stlpips_of_frames=None if stlpips is None else tuple(stlpips),
        )
        return FoundCodes(w[0, 0].cpu(), motion[0].cpu(), made.cpu().numpy(), fidelity)


def as_shown(made: Float[Tensor, "n c h w"], wanted: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """What is made, where a screen would show it: beyond black where black is wanted is black, and likewise white.

    Elsewhere what is beyond stays so: cut off, it would have no gradient, and could not come back.
    """
    made = torch.where(wanted >= 1, made.clamp(max=1), made)
    return torch.where(wanted <= -1, made.clamp(min=-1), made)


def ramp(progress: float | int) -> float:
    """Share of the learning rate after a share of the steps: StyleGAN2, appendix D."""
    falling = 0.5 - 0.5 * math.cos(math.pi * min(1.0, (1 - progress) / FALL))
    return falling * min(1.0, progress / RISE)


def _spread(count: int, wanted: int, draws: torch.Generator) -> Tensor:
    """Places of `wanted` of `count` frames, evenly spaced; where they begin is drawn."""
    if wanted >= count:
        return torch.arange(count)
    edges = torch.linspace(0, count, wanted + 1)
    return (edges[:-1] + torch.rand(1, generator=draws) * (count / wanted)).floor().long().clamp(max=count - 1)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _check(generator: Generator, target: np.ndarray, class_number: int | None) -> None:
    size = generator.resolution
    if target.shape[1:] != (generator.image_channels, size, size):
        raise DataError(
            f"target: frames of shape {target.shape[1:]} (colours, height, width); the snapshot makes "
            f"{(generator.image_channels, size, size)}"
        )
    if size < _SMALLEST_PX:
        raise DataError(f"frames of {size} px: SSIM needs {_SMALLEST_PX} at least")
    if generator.class_dim and class_number is None:
        raise ConfigError(
            f"the snapshot knows {generator.class_dim} classes, which its motion depends on: say the clip's with --class"
        )
    require_class(class_number, generator.class_dim)
