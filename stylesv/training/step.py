"""One training step: update the generator, update the discriminator, every 16th step its gradient penalty, update the
average, adapt the augmentation. Nothing else is in it.

Every random draw is a function of (seed, purpose, step), made for the whole batch. The batch is then computed in shares
of clips: one for each process, and for each part that a process takes its clips in (`accumulation`), so that the step does
not depend on how many there are, up to the order of sums. docs/model.md 4 to 7.
"""

from collections.abc import Iterator, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from stylesv.distributed.processes import clip_shares
from stylesv.training.adam import Adam
from stylesv.training.augment import AugmentParameters, apply_augment
from stylesv.training.batches import ClipBatch, RealClips
from stylesv.training.draws import GeneratorInputs, StepDraws
from stylesv.training.ema import update_ema
from stylesv.training.losses import (
    interpolate_latents,
    loss_of_fake,
    loss_of_real,
    mix_styles,
    one_w_per_place,
    path_lengths,
    r1_penalty,
)
from stylesv.training.running_means import RunningMeans
from stylesv.training.schedule import adapt_probability, ema_beta, lazy_gain, linear_probability
from stylesv.training.state import TrainState

Statistics = dict[str, Tensor]
"""Numbers of one step by name, on the training's device, of this process's clips."""


class TrainingStep:
    """Steps a `TrainState` in place; calling it with this process's share of real clips returns the step's statistics."""

    def __init__(self, state: TrainState, real: RealClips, *, accumulation: int = 1):
        """`accumulation` parts of this process's clips are computed one after the other, each with less memory.

        Raises:
            ConfigError: the batch cannot be cut so.
        """
        self.state, self.processes, self.settings = state, state.processes, state.settings
        self.draws = StepDraws(state, real)
        self.accumulation = accumulation
        self.shares = self._cut(self.settings.batch_size, state.discriminator.settings.mbstd_group_size)
        if state.path_length_interval is not None:
            self.path_length_shares = self._cut(self.draws.path_length_clips, 1)
        self.running_means = RunningMeans(state.generator, self.processes)

    def _cut(self, num_clips: int, group_size: int | None) -> list[list[int]]:
        """This process's shares of a batch."""
        num_shares = self.processes.world_size * self.accumulation
        first = self.processes.rank * self.accumulation
        return clip_shares(num_clips, group_size=group_size, num_shares=num_shares)[first : first + self.accumulation]

    @property
    def places(self) -> list[int]:
        """Places in the batch of the real clips that this process is to be given, in their order."""
        return [place for share in self.shares for place in share]

    def __call__(self, real: ClipBatch) -> Statistics:
        state = self.state
        statistics = self._update_generator()
        if gain := lazy_gain(state.step, state.path_length_interval):
            statistics |= self._update_path_length(gain)
        statistics |= self._update_discriminator(real)
        if gain := lazy_gain(state.step, state.r1_interval):
            statistics |= self._update_r1(real, gain)
        self._update_average()
        self._adapt_augmentation()
        state.step += 1
        return statistics

    def _update_generator(self) -> Statistics:
        state, tally = self.state, _Tally(len(self.shares))
        with _Training(state.generator, state.discriminator):
            inputs, augment = self.draws.of_generator("generator"), self.draws.of_augmentation("generator")
            for share in self.shares:
                part = inputs.rows(share, state.device)
                frames = self._generate(part)
                logits = state.discriminator(_augmented(frames, augment, share), part.times, part.labels)
                loss = loss_of_real(logits).mean()
                (loss / len(self.shares)).backward()
                tally.add("loss_generator", loss)
        return tally.means | self._apply(state.generator_optimizer, state.generator, "generator")

    def _update_path_length(self, gain: int) -> Statistics:
        state, settings = self.state, self.settings.loss.path_length
        shares, tally = self.path_length_shares, _Tally(len(self.path_length_shares))
        with _Training(state.generator, state.discriminator):
            inputs, noise = self.draws.of_generator("path length"), self.draws.path_length_noise()

            def lengths_of(share: list[int]) -> Float[Tensor, "n"]:
                part = inputs.rows(share, state.device)
                # content neither mixes nor moves here: each place has a w of its own to differentiate by
                w = one_w_per_place(state.generator.mapping(part.z, part.labels), state.generator.synthesis.num_ws)
                return path_lengths(self._synthesize(w, part), w, noise=noise[share].to(state.device))

            # the running mean includes this step's own, so parts are measured before they are used
            whole = lengths_of(shares[0]) if len(shares) == 1 else None
            measured = [(lengths_of(share) if whole is None else whole).detach().mean() for share in shares]
            (mean,) = self.processes.average_numbers([torch.stack(measured).mean().item()])
            state.path_length_mean += settings.decay * (mean - state.path_length_mean)
            for share in shares:
                lengths = lengths_of(share) if whole is None else whole
                loss = (lengths - state.path_length_mean).square().mean() * settings.weight
                (loss * gain / len(shares)).backward()
                tally.add("loss_path_length", loss)
        _zeros_for_unreached(state.generator)
        return tally.means | self._apply(state.generator_optimizer, state.generator, "path_length")

    def _update_discriminator(self, real: ClipBatch) -> Statistics:
        state, tally = self.state, _Tally(len(self.shares))
        with _Training(state.discriminator, state.generator):
            inputs = self.draws.of_generator("discriminator")
            augment_fake, augment_real = self.draws.of_augmentation("fake"), self.draws.of_augmentation("real")
            parts = zip(self.running_means.over(self.shares), self._real_parts(real), strict=True)
            for share, (real_frames, *real_facts) in parts:
                with torch.no_grad():
                    part = inputs.rows(share, state.device)
                    frames = self._generate(part, update_emas=self.running_means.wanted)
                fake_logits = state.discriminator(_augmented(frames, augment_fake, share), part.times, part.labels)
                fake_loss = loss_of_fake(fake_logits).mean()
                (fake_loss / len(self.shares)).backward()
                real_logits = state.discriminator(_augmented(real_frames, augment_real, share), *real_facts)
                real_loss = loss_of_real(real_logits).mean()
                (real_loss / len(self.shares)).backward()
                self._count_signs(real_logits)
                tally.add("loss_discriminator", fake_loss + real_loss)
                tally.add_logits("fake", fake_logits)
                tally.add_logits("real", real_logits)
        return tally.means | self._apply(state.discriminator_optimizer, state.discriminator, "discriminator")

    def _update_r1(self, batch: ClipBatch, gain: int) -> Statistics:
        state, tally = self.state, _Tally(len(self.shares))
        with _Training(state.discriminator, state.generator):
            augment = self.draws.of_augmentation("r1")
            for share, (frames, *facts) in zip(self.shares, self._real_parts(batch), strict=True):
                frames.requires_grad_()
                logits = state.discriminator(_augmented(frames, augment, share), *facts)
                penalty = r1_penalty(logits, frames).mean()
                loss = penalty * self.settings.loss.r1_gamma / 2
                (loss * gain / len(self.shares)).backward()
                self._count_signs(logits)
                tally.add("r1_penalty", penalty)
                tally.add("loss_r1", loss)
        _zeros_for_unreached(state.discriminator)
        return tally.means | self._apply(state.discriminator_optimizer, state.discriminator, "r1")

    def _update_average(self) -> None:
        ema, shown = self.settings.ema, self.state.step * self.state.frames_per_step
        beta = ema_beta(
            self.settings.batch_size, half_life_kclips=ema.half_life_kclips, frames_shown=shown, ramp_up=ema.ramp_up
        )
        update_ema(self.state.generator_ema, self.state.generator, beta)

    def _adapt_augmentation(self) -> None:
        state, augment = self.state, self.settings.augment
        shown = (state.step + 1) * self.settings.batch_size
        if augment.mode == "linear":
            state.augment_probability = linear_probability(
                augment.probability, clips_shown=shown, rise_kclips=augment.rise_kclips, upper_bound=augment.probability
            )
        elif augment.mode == "adaptive" and (state.step + 1) % augment.adjust_interval == 0:
            state.collect_signs()
            state.augment_probability = adapt_probability(
                state.augment_probability,
                mean_sign=state.sign_sum / max(state.sign_count, 1),
                target_sign=augment.target_sign,
                num_clips=self.settings.batch_size * augment.adjust_interval,
                rise_kclips=augment.rise_kclips,
            )
            state.sign_sum, state.sign_count = 0.0, 0

    def _apply(self, optimizer: Adam, network: nn.Module, name: str) -> Statistics:
        """Average the gradients over processes and step."""
        gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
        self.processes.average(gradients)
        norm, bad = _step_with(optimizer, gradients)
        return {f"gradient_norm_{name}": norm, f"nonfinite_gradients_{name}": bad}

    def _generate(self, inputs: GeneratorInputs, *, update_emas: bool = False) -> Float[Tensor, "n t c h w"]:
        """Generated clips at their times, of their classes."""
        generator = self.state.generator
        w = generator.mapping(inputs.z, inputs.labels, update_emas=update_emas)
        other = None if inputs.other_z is None else generator.mapping(inputs.other_z, inputs.labels)
        if inputs.moving_start is not None:
            length = self.settings.latent_interpolation.length
            w = interpolate_latents(w, other, inputs.times, start=inputs.moving_start, length=length)
        if inputs.crossover is not None:
            w = mix_styles(w, other, crossover=inputs.crossover, num_places=generator.synthesis.num_ws)
        return self._synthesize(w, inputs, update_emas=update_emas)

    def _synthesize(
        self, w: Float[Tensor, "n *l d"], inputs: GeneratorInputs, *, update_emas: bool = False
    ) -> Float[Tensor, "n t c h w"]:
        return self.state.generator.synthesis(
            w, inputs.times, inputs.motion, inputs.labels, time_offset=inputs.time_offset, update_emas=update_emas
        )

    def _real_parts(
        self, batch: ClipBatch
    ) -> Iterator[tuple[Float[Tensor, "n t c h w"], Float[Tensor, "n t"], Float[Tensor, "n l"] | None]]:
        """Real clips share by share, as the discriminator sees them: frames of -1 to 1, times, and labels."""
        first = 0
        for share in self.shares:
            part = slice(first, first := first + len(share))
            frames = batch.frames[part].to(self.state.device, non_blocking=True) / 127.5 - 1
            times, labels = (
                None if one is None else one[part].to(self.state.device, non_blocking=True)
                for one in (batch.times, batch.labels)
            )
            yield frames, times, labels

    def _count_signs(self, real_logits: Float[Tensor, "n"]) -> None:
        if self.settings.augment.mode == "adaptive":
            self.state.add_signs(real_logits)


class _Tally:
    """Means over the shares of a phase, kept on the device: reading one would make the CPU wait."""

    def __init__(self, num_shares: int):
        self.num_shares = num_shares
        self.means: Statistics = {}

    def add(self, name: str, value: Float[Tensor, ""]) -> None:
        self.means[name] = self.means.get(name, 0) + value.detach() / self.num_shares

    def add_logits(self, kind: str, logits: Float[Tensor, "n"]) -> None:
        self.add(f"logits_{kind}", logits.mean())
        self.add(f"logits_{kind}_square", logits.square().mean())
        self.add(f"logits_{kind}_sign", logits.sign().mean())


def _augmented(
    frames: Float[Tensor, "n t c h w"], parameters: AugmentParameters | None, share: list[int]
) -> Float[Tensor, "n t c h w"]:
    return frames if parameters is None else apply_augment(frames, parameters.rows(share))


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


def _zeros_for_unreached(network: nn.Module) -> None:
    """A gradient of zero for each trained parameter that a regulariser does not reach, such as the last bias.

    The published regularisers add 0 times the logits (R1) or a pixel (path length), so that Adam steps every parameter.
    """
    for parameter in network.parameters():
        if parameter.requires_grad and parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)


@torch.no_grad()
def _step_with(optimizer: Adam, gradients: Sequence[Tensor]) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Step with gradients whose NaN is 0 and whose infinities are bounded (docs/model.md 5.2).

    Returns the norm of those tensors that are finite, and how many are not.
    """
    norms = torch.stack(torch._foreach_norm(list(gradients)))
    finite = norms.isfinite()
    for gradient in gradients:
        gradient.nan_to_num_(nan=0, posinf=1e5, neginf=-1e5)
    optimizer.step()
    return torch.linalg.vector_norm(norms.where(finite, 0)), (~finite).sum().float()
