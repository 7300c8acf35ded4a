"""Films without end: any window by itself, at any time, and the same memory and time a frame however long a film is."""

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from motion_models import KINDS, build

from stylesv.generation.clips import FrameMaker, float_frames
from stylesv.generation.far_motion import FAR
from stylesv.generation.latents import EndlessNoise, NoiseReader, draw_latents
from stylesv.generation.times import Times
from stylesv.seeding import torch_generator

FRAMES = 12
STARTS = (0, 1000, 1_000_000)


def frames_of(generator, clips, times, **options):
    latents = draw_latents(generator, 0, clip_numbers=clips, max_time=None)
    return torch.cat(list(float_frames(generator, latents, times, **options)), dim=1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("start", STARTS)
def test_a_window_made_alone_is_that_of_the_long_film(kind, start):
    """The film comes to the window in pieces of other sizes, and for the far one across the place where codes become far."""
    generator = build(kind)
    alone = frames_of(generator, [0, 1], Times(start, Fraction(1), FRAMES))
    before = min(start, 90)
    film = frames_of(generator, [0, 1], Times(start - before, Fraction(1), before + FRAMES), frames_at_once=14)
    assert (alone - film[:, before:]).abs().max() < 1e-5


@pytest.mark.parametrize("kind", KINDS)
def test_late_frames_are_those_of_exact_arithmetic(kind):
    """All noise from the first anchor on, in float64, at the time where rounding in float32 is a hundredth of a turn."""
    generator, start = build(kind), 1_000_000
    alone = frames_of(generator, [3], Times(start, Fraction(1), FRAMES))
    whole = draw_latents(generator, 0, clip_numbers=[3], max_time=start + FRAMES)
    exact = generator.double()
    times = torch.arange(start, start + FRAMES, dtype=torch.float64)[None]
    expected = exact.synthesis(exact.mapping(whole.content.double()), times, whole.motion.double())
    assert (alone - expected).abs().max() < 1e-5
    assert alone.std(dim=1).mean() > 0.003, "it moves"


@pytest.mark.parametrize("kind", ["linear", "lstm"])
def test_what_was_made_before_films_were_endless_is_the_same_to_the_last_bit(kind):
    generator, times = build(kind), torch.arange(FAR - 100.0, FAR)
    whole = draw_latents(generator, 5, clip_numbers=[2], max_time=FAR - 1.0)
    endless = draw_latents(generator, 5, clip_numbers=[2], max_time=None)
    ours, theirs = (torch.cat(list(float_frames(generator, each, times)), 1) for each in (endless, whole))
    assert torch.equal(ours, theirs)


def test_frames_do_not_depend_on_the_number_of_videos_made_at_a_time():
    generator, times = build("spline"), Times(FAR - 6, Fraction(1), FRAMES)
    one = torch.cat([frames_of(generator, [number], times) for number in range(25)])
    for size in (5, 25):
        batches = [range(first, first + size) for first in range(0, 25, size)]
        made = torch.cat([frames_of(generator, batch, times, frames_at_once=7 * size) for batch in batches])
        assert (one - made).abs().max() < 1e-5


@pytest.mark.parametrize("dim", [1, 5, 16, 512])
def test_noise_read_in_parts_is_that_drawn_at_once(dim):
    clips, length = ((0, 3), (7, 0)), 720  # of whole blocks of 16 numbers
    whole = torch.stack([torch.randn(length * dim, generator=torch_generator(s, "motion", n)) for s, n in clips])
    whole = whole.unflatten(1, (-1, dim))
    reader = EndlessNoise(clips, dim).reader()
    for first, stop in ((0, 3), (2, 40), (2, 41), (300, 301), (301, 350), (690, 698), (5, 9)):  # the last one goes back
        assert torch.equal(reader.read(first, stop), whole[:, first:stop]), (first, stop)
        assert reader._held.shape[1] < stop - first + 16, "what is behind is not kept"


@pytest.mark.parametrize("kind", ["linear", "lstm"])
def test_parts_of_a_late_film_in_any_order_draw_what_lies_before_it_once(kind, monkeypatch):
    generator, drawn = build(kind), []
    draw = NoiseReader._draw
    monkeypatch.setattr(NoiseReader, "_draw", lambda self, anchors: (drawn.append(anchors), draw(self, anchors))[1])
    times, latents = Times(100_000, 1, FRAMES), draw_latents(generator, 0, clip_numbers=[3], max_time=None)
    forwards = FrameMaker(generator, latents, times)
    first = torch.cat(list(forwards.part(0, 1)), 1)
    to_begin, distance = sum(drawn), generator.synthesis.motion_encoder.distance
    assert to_begin >= 100_000 // distance
    whole = torch.cat([first, *(frame for at in range(1, FRAMES) for frame in forwards.part(at, at + 1))], 1)
    assert sum(drawn) < to_begin + 100, "it goes on"
    backwards = FrameMaker(generator, latents, times[:].flip(0))
    again = torch.cat([frame for at in range(FRAMES) for frame in backwards.part(at, at + 1)], 1)
    assert sum(drawn) < 2 * to_begin + 100 * FRAMES, "going back draws nothing before the film"
    assert (whole - again.flip(1)).abs().max() < 1e-5 and whole.std(dim=1).mean() > 0.001


def test_times_keep_their_fractions_after_a_million_frames():
    times = Times(1_000_000, Fraction(1, 3), 10)
    assert len(times) == 10 and times.last == 1_000_003
    assert times[1:4].tolist() == [1_000_000 + n / 3 for n in (1, 2, 3)] and times[:].dtype == torch.float64


@pytest.mark.long
def test_a_longer_film_takes_no_more_memory_nor_time_a_frame(tmp_path):
    """The peak within 5 per cent; the second half of the film no slower than the first, but for a busy machine."""

    def measured(num_frames, attempt):
        program = Path(__file__).with_name("film_of_length.py")
        arguments = (str(num_frames), "64", str(tmp_path / f"{num_frames}_{attempt}"))
        # large blocks go back to the system when they are freed: what is held counts, and not what the allocator keeps
        environment = {"PYTHONPATH": ":".join(sys.path), "MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "65536"}
        done = subprocess.run([sys.executable, program, *arguments], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        peak, *seconds = map(float, done.stdout.splitlines()[-1].split())
        return peak, seconds

    short, (long, seconds) = measured(500, 0)[0], measured(6000, 0)
    if long >= 1.05 * short:  # one run in a few peaks higher by itself
        short, long = max(short, measured(500, 1)[0]), min(long, measured(6000, 1)[0])
    assert long < 1.05 * short, (short, long)
    assert sum(seconds[5:]) < 2 * sum(seconds[:5]), seconds
