"""Films from snapshots: as long as a disk holds, with the memory of a few frames."""

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from imageio.v3 import imread
from torch import nn

from stylesv.generation import films
from stylesv.generation.clips import generate_clips, synthesize
from stylesv.generation.film_folder import FilmTarget
from stylesv.generation.films import write_films
from stylesv.generation.latents import draw_latents
from stylesv.generation.request import GenerateRequest
from stylesv.networks import Generator


class Ramp(Generator):
    """In place of a generator: frames that brighten by one level a frame, from the clip's own level."""

    z_dim, motion_noise_dim, class_dim = 1, 1, 0

    def __init__(self, size: int):
        nn.Module.__init__(self)
        self.register_buffer("size", torch.tensor(size))

    def motion_noise_length(self, max_time: float) -> int:
        return 1

    resolution = 16

    def mapping(self, z, labels=None, *, truncation=1.0):
        return z.clamp(-2, 2)

    def synthesis(self, w, times, motion, labels=None):
        level = (w * 20 + times % 100).floor() / 127.5
        return level[:, :, None, None, None].expand(-1, -1, 3, int(self.size), int(self.size))


def request(**changes) -> GenerateRequest:
    values = {
        **{"num_videos": 3, "num_frames": 40, "start_frame": 2, "time_step": Fraction(1), "fps": 25.0, "grid": None},
        **{"truncation": 1.0, "seed": 0, "decomposition": False, "class_number": None, "save": "mp4", "batch_size": 1},
    }
    return GenerateRequest(**(values | changes))


@pytest.fixture
def ramp(monkeypatch) -> Ramp:
    generator = Ramp(16)
    monkeypatch.setattr(films, "load_generator", lambda networks: (generator, {}))
    return generator


def test_pieces_side_by_side_are_the_whole_clip(ramp):
    times = torch.arange(50.0)
    (whole,) = generate_clips(ramp, seed=0, clip_numbers=[4], times=times)
    pieces = list(synthesize(ramp, draw_latents(ramp, 0, clip_numbers=[4], max_time=49.0), times))
    assert len(pieces) > 1
    assert torch.equal(torch.cat(pieces, dim=1), whole) and whole.shape == (1, 50, 3, 16, 16)


@pytest.mark.parametrize("save", ["mp4", "jpg"])
def test_every_film_has_its_own_frames_and_the_grid_shows_the_first_ones(tmp_path, ramp, save):
    folder = tmp_path / "films"
    assert write(folder, request(save=save, grid=(2, 1)))[-1] == 3 * 40
    names = [f"{number:06d}" + {"mp4": ".mp4", "jpg": ""}[save] for number in range(3)]
    grid = imread(tmp_path / "films_grid.mp4", plugin="pyav").astype(int)
    assert len(grid) == 40
    for number, name in enumerate(names):
        if save == "mp4":
            film = imread(folder / name, plugin="pyav")
        else:
            assert [path.stem for path in sorted((folder / name).iterdir())] == [f"{n:06d}" for n in range(2, 42)]
            film = np.stack([imread(path) for path in sorted((folder / name).iterdir())])
        (clip,) = generate_clips(ramp, seed=0, clip_numbers=[number], times=torch.arange(2.0, 42.0))
        levels = clip[0, :, 0, 0, 0].numpy().astype(int)
        assert np.abs(film[:, 8, 8, 0].astype(int) - levels).max() <= 3
        if number < 2:
            column = grid.shape[2] // 4 * (1 + 2 * number)
            assert np.abs(grid[:, -20, column, 0] - levels).max() <= 3


def test_a_film_that_fails_leaves_nothing(tmp_path, ramp, monkeypatch):
    def fail(w, times, motion, labels=None):
        if times.max() > 30:
            raise KeyboardInterrupt
        return Ramp.synthesis(ramp, w, times, motion)

    monkeypatch.setattr(ramp, "synthesis", fail)
    for grid in (None, (1, 2)):
        with pytest.raises(KeyboardInterrupt):
            write(tmp_path / "films", request(grid=grid))
        assert list(tmp_path.rglob("[!.]*.*")) == []


def write(out, asked) -> list[int]:
    """Write films; no snapshot is read."""
    target = FilmTarget.of(out, has_grid=asked.grid is not None, grid_out=None, overwrite=False)
    return list(write_films(Path(__file__), target, asked))


PEAK = """
import sys
from pathlib import Path
from test_long_films import Ramp, films, request, write
films.load_generator = lambda networks: (Ramp(192), {})
num_frames, grid, out = int(sys.argv[1]), eval(sys.argv[2]), Path(sys.argv[3])
assert write(out, request(num_videos=2, num_frames=num_frames, grid=grid))[-1] == 2 * num_frames
lines = Path("/proc/self/status").read_text().splitlines()
print(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
"""


@pytest.mark.slow
@pytest.mark.parametrize("grid", [None, pytest.param((2, 1), marks=pytest.mark.long)])
def test_a_longer_film_takes_no_more_memory(tmp_path, grid):
    """640 frames more of 192 px are 71 MB a video. One run in a few peaks higher by itself: then the lower of two counts."""

    def peak_mb(num_frames, attempt):
        out = tmp_path / f"{num_frames}_{attempt}"
        command = [sys.executable, "-c", PEAK, str(num_frames), str(grid), str(out)]
        # large blocks go back to the system when they are freed: what is held counts, and not what the allocator keeps
        environment = {"PYTHONPATH": ":".join(sys.path), "MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "65536"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return int(done.stdout.split()[-1]) / 1000

    short, long = (peak_mb(num_frames, 0) for num_frames in (64, 704))
    if long - short >= 40:
        short, long = min(short, peak_mb(64, 1)), min(long, peak_mb(704, 1))
    assert long - short < 40, (short, long)
