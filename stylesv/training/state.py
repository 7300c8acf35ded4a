"""The one mutable thing in training: networks, optimisers, and the few numbers that go on from step to step.

What a resume needs is listed once (`NETWORKS`, `OPTIMIZERS`, `StateNumbers`); that list both saves and loads. No random
state is among it: every draw is a function of (seed, purpose, step).
"""

import copy
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from stylesv.checkpoint import read_tensors, write_networks, write_tensors
from stylesv.config.training import OptimizerSettings
from stylesv.distributed.processes import Processes
from stylesv.errors import CheckpointError
from stylesv.networks.discriminator import Discriminator
from stylesv.networks.generator import Generator
from stylesv.ops import computed_with
from stylesv.records.recipe import TrainedRecipe
from stylesv.records.snapshot import Snapshot, Transfer
from stylesv.records.state import LogSoFar, State, StateNumbers, state_of
from stylesv.seeding import derive_seed
from stylesv.training.adam import Adam
from stylesv.training.schedule import lazy_adam

NETWORKS = ("generator", "generator_ema", "discriminator")
OPTIMIZERS = {"generator_optimizer": "generator", "discriminator_optimizer": "discriminator"}
HALF_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class TrainState:
    """Networks and optimisers of one run at one step, as every process that trains it holds them."""

    def __init__(
        self,
        recipe: TrainedRecipe,
        device: torch.device,
        processes: Processes | None = None,
        *,
        class_counts: tuple[int, ...] = (),
    ):
        """`class_counts`: how many clips each class of the data has; empty: networks know no classes."""
        self.recipe = recipe
        self.key = recipe.key
        self.settings = recipe.training
        self.class_counts = class_counts
        self.resolution = recipe.data.packing.resolution
        self.device, self.processes = device, processes or Processes()
        loss = self.settings.loss
        self.r1_interval = loss.r1_interval if loss.r1_gamma > 0 else None
        self.path_length_interval = loss.path_length.interval if loss.path_length.weight > 0 else None
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(recipe.seed, "generator weights"))
            self.generator = build_generator(recipe, class_dim=len(class_counts), half_dtype=self.half_dtype).to(device)
            torch.manual_seed(derive_seed(recipe.seed, "discriminator weights"))
            networks = build_discriminator(recipe, class_dim=len(class_counts), half_dtype=self.half_dtype)
            self.discriminator = networks.to(device)
        self.generator_ema = copy.deepcopy(self.generator).eval().requires_grad_(False)
        settings = self.settings
        self.generator_optimizer = _adam(self.generator, settings.generator_optimizer, self.path_length_interval)
        self.discriminator_optimizer = _adam(self.discriminator, settings.discriminator_optimizer, self.r1_interval)
        self.step = 0
        starts_at_once = settings.augment.mode in ("fixed", "adaptive")
        self.augment_probability = settings.augment.probability if starts_at_once else 0.0
        self.sign_sum = 0.0
        self.sign_count = 0
        self._new_signs = torch.zeros((), dtype=torch.float64, device=device)
        self._new_sign_count = 0
        self.path_length_mean = 0.0

    @property
    def half_dtype(self) -> torch.dtype:
        """What the highest resolutions compute in: the recipe's precision on a GPU, on a CPU what all else does."""
        return HALF_DTYPES[self.settings.precision] if self.device.type == "cuda" else torch.get_default_dtype()

    def add_signs(self, logits: Float[Tensor, "n"]) -> None:
        """Count the signs of this process's logits on real clips, without waiting for the device."""
        self._new_signs.add_(logits.detach().sign().sum())
        self._new_sign_count += len(logits)

    def collect_signs(self) -> None:
        """Bring `sign_sum` and `sign_count` up to date over all processes; every one must call it."""
        if self._new_sign_count:
            world_size = self.processes.world_size
            signs, count = self.processes.average_numbers([self._new_signs.item(), float(self._new_sign_count)])
            self.sign_sum += signs * world_size
            self.sign_count += round(count * world_size)
            self._new_signs.zero_()
            self._new_sign_count = 0

    @property
    def frames_per_step(self) -> int:
        """Frames shown to the discriminator in one step, the unit of kimg."""
        return self.settings.batch_size * self.settings.num_frames

    @property
    def kimg(self) -> float:
        """Thousands of frames shown so far."""
        return self.step * self.frames_per_step / 1000

    def step_at(self, kimg: int) -> int:
        """The first step at which `kimg` thousands of frames have been shown."""
        return -(-kimg * 1000 // self.frames_per_step)

    @property
    def computed_with(self) -> dict[str, str]:
        """What decides the last bits of its numbers besides the recipe."""
        return computed_with(self.device) | {"processes": str(self.processes.world_size)}

    def tensors(self) -> dict[str, Tensor]:
        """Everything to be saved, by name."""
        tensors = {f"{part}.{name}": t for part in NETWORKS for name, t in getattr(self, part).state_dict().items()}
        for name, network in OPTIMIZERS.items():
            moments = getattr(self, name).state
            for parameter_name, parameter in getattr(self, network).named_parameters():
                tensors |= {f"{name}.{parameter_name}.{k}": v for k, v in moments.get(parameter, {}).items()}
        return tensors

    def save(self, path: Path, kimg: int | float, *, log: LogSoFar | None = None) -> None:
        """Write the state. Every process must call it, for what each of them has counted; the first one writes.

        `log`: of a partial state, what was logged since its segment began.
        """
        self.collect_signs()
        if self.processes.is_first:
            numbers = {name: getattr(self, name) for name in StateNumbers.model_fields}
            version = torch.__version__.split("+")[0]
            made = self.computed_with
            state = State(recipe_key=self.key, kimg=kimg, torch=version, computed_with=made, log=log, **numbers)
            write_tensors(path, self.tensors(), state.header())

    def load(self, path: Path) -> State:
        """Continue from a saved state; returns its record.

        Raises:
            CheckpointError: missing, damaged, not a state, or a state of another recipe.
        """
        tensors, header = read_tensors(path)
        state = state_of(header, path)
        if state.recipe_key != self.key:
            raise CheckpointError(
                f"{path}: is of recipe {state.recipe_key}, but this run's recipe is {self.key}; "
                "a changed setting is another run: start it from its own snapshot 0"
            )
        for part in NETWORKS:
            getattr(self, part).load_state_dict(_part(tensors, part))
        for name, network in OPTIMIZERS.items():
            moments = getattr(self, name).state
            for parameter_name, parameter in getattr(self, network).named_parameters():
                if saved := _part(tensors, f"{name}.{parameter_name}"):
                    moments[parameter] = {k: t.to(self.device) for k, t in saved.items()}
        for name in StateNumbers.model_fields:
            setattr(self, name, getattr(state, name))
        return state

    def save_networks(self, path: Path, kimg: int, *, transfer: Transfer | None = None) -> None:
        """Write the snapshot that scores and generation read. `transfer`: of snapshot 0, what came over from a parent."""
        counted = {"class_counts": self.class_counts} if self.class_counts else {}
        snapshot = Snapshot(
            generator=self.recipe.generator,
            discriminator=self.recipe.discriminator,
            resolution=self.resolution,
            class_dim=len(self.class_counts),
            num_frames=self.settings.num_frames,
            max_num_frames=self.settings.max_num_frames,
            uniform_times=self.settings.frame_sampling.kind == "uniform",
            kimg=kimg,
            step=self.step,
            recipe=self.recipe.model_dump(mode="json"),
            recipe_key=self.key,
            transfer=transfer,
            computed_with=self.computed_with,
            **counted,
        )
        write_networks(path, {part: getattr(self, part).state_dict() for part in NETWORKS}, snapshot)


def allow_tf32(allowed: bool) -> None:
    """Whether a GPU may round the inputs of float32 products and convolutions to TF32, for the whole process."""
    torch.backends.cuda.matmul.allow_tf32 = allowed
    torch.backends.cudnn.allow_tf32 = allowed


def build_generator(recipe: TrainedRecipe, *, class_dim: int = 0, half_dtype: torch.dtype = torch.float32) -> Generator:
    """A fresh generator; its weights come from torch's global generator."""
    resolution = recipe.data.packing.resolution
    return Generator(recipe.generator, resolution=resolution, class_dim=class_dim, half_dtype=half_dtype)


def build_discriminator(
    recipe: TrainedRecipe, *, class_dim: int = 0, half_dtype: torch.dtype = torch.float32
) -> Discriminator:
    """A fresh discriminator; its weights come from torch's global generator."""
    return Discriminator(
        recipe.discriminator,
        resolution=recipe.data.packing.resolution,
        num_frames=recipe.training.num_frames,
        max_num_frames=recipe.training.max_num_frames,
        class_dim=class_dim,
        uniform_times=recipe.training.frame_sampling.kind == "uniform",
        half_dtype=half_dtype,
    )


def _adam(network: torch.nn.Module, settings: OptimizerSettings, lazy_interval: int | None) -> Adam:
    lr, betas = lazy_adam(settings.lr, settings.betas, lazy_interval)
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    return Adam(trained, lr=lr, betas=betas, eps=settings.eps)


def _part(tensors: dict[str, Tensor], part: str) -> dict[str, Tensor]:
    return {name.removeprefix(f"{part}."): t for name, t in tensors.items() if name.startswith(f"{part}.")}
