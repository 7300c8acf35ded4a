"""One training step: update the generator, update the discriminator, every 16th step its gradient penalty, update the
average, adapt the augmentation. Nothing else is in it.

Every random draw is a function of (seed, purpose, step). SPEC sections 3 and 4.
"""

from collections.abc import Callable, Iterable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from stylesv.data.frame_times import frame_times_for_batch
from stylesv.seeding import torch_generator
from stylesv.training.augment import apply_augment, draw_augment
from stylesv.training.augment_draws import Draws
from stylesv.training.batches import ClipBatch, RealClips
from stylesv.training.ema import update_ema
from stylesv.training.losses import (
    interpolate_latents,
    loss_of_fake,
    loss_of_real,
    mix_styles,
    one_w_per_place,
    path_length_penalty,
    r1_penalty,
)
from stylesv.training.schedule import adapt_probability, ema_beta, linear_probability, phases_at
from stylesv.training.state import TrainState

Losses = dict[str, float]


class TrainingStep:
    """Steps a `TrainState` in place; calling it with a batch of real clips returns the step's losses."""

    def __init__(self, state: TrainState, real: RealClips):
        self.state, self.real = state, real
        self.settings, self.seed = state.settings, state.recipe["seed"]
        loss = self.settings.loss
        self.intervals = {
            "r1_interval": loss.r1_interval if loss.r1_gamma > 0 else None,
            "path_length_interval": loss.path_length.interval if loss.path_length.weight > 0 else None,
        }

    def __call__(self, batch: ClipBatch) -> Losses:
        losses: Losses = {}
        for phase in phases_at(self.state.step, **self.intervals):
            update: Callable[..., Losses] = getattr(self, f"_update_{phase.name}")
            losses |= update(batch, phase.gain)
        self._update_average()
        self._adapt_augmentation()
        self.state.step += 1
        return losses

    def _update_generator(self, batch: ClipBatch, gain: int) -> Losses:
        state = self.state
        with _Training(state.generator, state.discriminator):
            frames, times, _ = self._generate("generator")
            logits = state.discriminator(self._augment(frames, "generator"), times)
            loss = loss_of_real(logits).mean()
            (loss * gain).backward()
        norm = _apply(state.generator_optimizer, state.generator.parameters())
        return {"loss_generator": loss.item(), "gradient_norm_generator": norm}

    def _update_path_length(self, batch: ClipBatch, gain: int) -> Losses:
        state, settings = self.state, self.settings.loss.path_length
        with _Training(state.generator, state.discriminator):
            frames, _, w = self._generate("path length", self.settings.batch_size // settings.batch_shrink)
            noise = torch.randn(frames.shape, generator=torch_generator(self.seed, "path length noise", state.step))
            penalty, mean = path_length_penalty(
                frames,
                w,
                noise=noise.to(state.device),
                mean_length=state.path_length_mean,
                decay=settings.decay,
            )
            loss = penalty.mean() * settings.weight
            (loss * gain).backward()
        state.path_length_mean = mean.item()
        norm = _apply(state.generator_optimizer, state.generator.parameters())
        return {"loss_path_length": loss.item(), "gradient_norm_path_length": norm}

    def _update_discriminator(self, batch: ClipBatch, gain: int) -> Losses:
        state = self.state
        with _Training(state.discriminator, state.generator):
            with torch.no_grad():
                frames, times, _ = self._generate("discriminator")
            fake_logits = state.discriminator(self._augment(frames, "fake"), times)
            fake_loss = loss_of_fake(fake_logits).mean()
            (fake_loss * gain).backward()
            real_logits = state.discriminator(
                self._augment(self._to_input(batch), "real"), batch.times.to(state.device)
            )
            real_loss = loss_of_real(real_logits).mean()
            (real_loss * gain).backward()
        self._count_signs(real_logits)
        norm = _apply(state.discriminator_optimizer, state.discriminator.parameters())
        return {
            "loss_discriminator": fake_loss.item() + real_loss.item(),
            "logits_fake": fake_logits.mean().item(),
            "logits_real": real_logits.mean().item(),
            "gradient_norm_discriminator": norm,
        }

    def _update_r1(self, batch: ClipBatch, gain: int) -> Losses:
        state = self.state
        with _Training(state.discriminator, state.generator):
            frames = self._to_input(batch).requires_grad_()
            logits = state.discriminator(self._augment(frames, "r1"), batch.times.to(state.device))
            penalty = r1_penalty(logits, frames).mean()
            (penalty * self.settings.loss.r1_gamma / 2 * gain).backward()
        self._count_signs(logits)
        norm = _apply(state.discriminator_optimizer, state.discriminator.parameters())
        return {"r1_penalty": penalty.item(), "gradient_norm_r1": norm}

    def _update_average(self) -> None:
        ema, step, size = self.settings.ema, self.state.step, self.settings.batch_size
        shown = step * size
        beta = ema_beta(size, half_life_kclips=ema.half_life_kclips, clips_shown=shown, ramp_up=ema.ramp_up)
        update_ema(self.state.generator_ema, self.state.generator, beta)

    def _adapt_augmentation(self) -> None:
        state, augment = self.state, self.settings.augment
        shown = (state.step + 1) * self.settings.batch_size
        if augment.mode == "linear":
            state.augment_probability = linear_probability(
                augment.probability, clips_shown=shown, rise_kclips=augment.rise_kclips, upper_bound=augment.probability
            )
        elif augment.mode == "adaptive" and (state.step + 1) % augment.adjust_interval == 0:
            state.augment_probability = adapt_probability(
                state.augment_probability,
                mean_sign=state.sign_sum / max(state.sign_count, 1),
                target_sign=augment.target_sign,
                num_clips=self.settings.batch_size * augment.adjust_interval,
                rise_kclips=augment.rise_kclips,
            )
            state.sign_sum, state.sign_count = 0.0, 0

    def _generate(
        self, purpose: str, num_clips: int | None = None
    ) -> tuple[Float[Tensor, "n t c h w"], Float[Tensor, "n t"], Float[Tensor, "n *l d"]]:
        """Generated clips of one phase (all of a batch, or the first `num_clips`), their times, and their w.

        For path length, w is one for each place, neither mixed nor moving: what the penalty differentiates by.
        """
        state, settings, step = self.state, self.settings, self.state.step
        size, generator, device = settings.batch_size, state.generator, state.device
        keep = slice(num_clips)
        times = self._generated_times(purpose)
        noise = torch_generator(self.seed, f"{purpose} latents", step)
        z = torch.randn(2, size, generator.z_dim, generator=noise)[:, keep].to(device)
        length = generator.motion_noise_length(float(times.max()))
        motion = torch.randn(size, length, generator.motion_noise_dim, generator=noise)[keep].to(device)
        t = times[keep].to(device)
        tracked = generator.settings.update_emas
        w = generator.mapping(z[0], None, update_emas=tracked)
        w = (
            one_w_per_place(w, generator.synthesis.num_ws)
            if purpose == "path length"
            else self._vary_content(w, z[1], t, noise)
        )
        offset = self._time_offset(purpose, size, keep)
        frames = generator.synthesis(w, t, motion, None, time_offset=offset, update_emas=tracked)
        return frames, t, w

    def _generated_times(self, purpose: str) -> Float[Tensor, "n t"]:
        settings, size = self.settings, self.settings.batch_size
        numbers = list(range(self.state.step * size, (self.state.step + 1) * size))
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

    def _vary_content(
        self,
        w: Float[Tensor, "n d"],
        other_z: Float[Tensor, "n z"],
        times: Float[Tensor, "n t"],
        noise: torch.Generator,
    ) -> Float[Tensor, "n *l d"]:
        """Content that moves to another latent over time, or takes its fine layers from it, as often as the settings say."""
        moving, mixing = self.settings.latent_interpolation, self.settings.loss.style_mixing_probability
        generator, n = self.state.generator, len(w)
        moves = moving.probability > torch.rand((), generator=noise).item()
        if not moves and mixing == 0:
            return w
        other = generator.mapping(other_z, None)
        if moves:
            start = torch.rand(n, generator=noise).to(w.device)
            w = interpolate_latents(w, other, times, start=start, length=moving.length)
        if mixing > 0:
            places = generator.synthesis.num_ws
            chosen = torch.rand(n, generator=noise) < mixing
            crossover = torch.where(chosen, torch.randint(1, places, (n,), generator=noise), places)
            w = mix_styles(w, other, crossover=crossover.to(w.device), num_places=places)
        return w

    def _time_offset(self, purpose: str, size: int, keep: slice) -> Float[Tensor, "n"] | None:
        """Whole frames by which B-spline motion is shifted, one number a clip; in training only (SPEC section 1.7)."""
        largest = self.state.generator.settings.motion.offset
        if largest == 0:
            return None
        draws = torch_generator(self.seed, f"{purpose} offset", self.state.step)
        return torch.randint(largest + 1, (size,), generator=draws)[keep].float().to(self.state.device)

    def _augment(self, frames: Float[Tensor, "n t c h w"], purpose: str) -> Float[Tensor, "n t c h w"]:
        draws = Draws(torch_generator(self.seed, f"augment {purpose}", self.state.step))
        parameters = draw_augment(
            draws,
            tuple(frames.shape),
            probability=self.state.augment_probability,
            transforms=self.settings.augment.transforms,
        )
        return apply_augment(frames, parameters)

    def _to_input(self, batch: ClipBatch) -> Float[Tensor, "n t c h w"]:
        """Real frames as the discriminator sees them: -1 to 1."""
        return batch.frames.to(self.state.device, non_blocking=True).float() / 127.5 - 1

    def _count_signs(self, real_logits: Float[Tensor, "n"]) -> None:
        self.state.sign_sum += real_logits.sign().sum().item()
        self.state.sign_count += len(real_logits)


class _Training:
    """Gradients for one network and not for the other, for the length of a phase."""

    def __init__(self, trained: nn.Module, other: nn.Module):
        self.trained, self.other = trained, other

    def __enter__(self) -> None:
        self.trained.zero_grad(set_to_none=True)
        self.frozen = [parameter for parameter in self.other.parameters() if parameter.requires_grad]
        for parameter in self.frozen:
            parameter.requires_grad_(False)

    def __exit__(self, *_: object) -> None:
        for parameter in self.frozen:
            parameter.requires_grad_(True)


@torch.no_grad()
def _apply(optimizer: torch.optim.Optimizer, parameters: Iterable[nn.Parameter]) -> float:
    """Step with gradients whose NaN is 0 and whose infinities are bounded (SPEC section 3); returns their norm before."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients))).item() if gradients else 0.0
    for gradient in gradients:
        gradient.nan_to_num_(nan=0, posinf=1e5, neginf=-1e5)
    optimizer.step()
    return norm
