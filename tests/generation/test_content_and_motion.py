"""Content and motion apart, in pixels: grids, content that changes, time that runs slower, and real clips beside."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from motion_models import build
from small_snapshot import SIZE

from stylesv.config.dataset import PackSettings
from stylesv.data.packing import pack_videos
from stylesv.errors import ConfigError, DataError
from stylesv.generation.clips import float_frames
from stylesv.generation.content_walk import ContentWalk, catmull_rom_weights
from stylesv.generation.films import film_frames
from stylesv.generation.latents import draw_contents, draw_latents
from stylesv.generation.real_clips import play_real_clips
from stylesv.generation.request import GenerateRequest
from stylesv.generation.times import Times
from stylesv.media.film_writers import open_film

PLAIN = GenerateRequest(9, 24, 0, Fraction(1), 25.0, (3, 3), 1.0, 0, False, None, "mp4")


def spread(values, axis):
    """Mean distance from the mean along an axis."""
    return np.abs(values - values.mean(axis=axis, keepdims=True)).mean()


def films_of(generator, request):
    """Rows, columns, frames, colours, height, width."""
    made = np.stack([np.stack(list(film_frames(generator, request, number))) for number in range(9)])
    return made.reshape(3, 3, *made.shape[1:]).astype(float)


@pytest.mark.parametrize("seed", [0, 1])
def test_columns_share_content_and_rows_share_motion_in_pixels(seed):
    """What stays over time agrees down a column, what changes along a row; of videos that share nothing, neither."""
    generator = build("linear", seed=seed)
    generator.synthesis.fusion.motion_mask.data.fill_(
        0.3
    )  # with all of it, random weights' motion also shifts the mean
    grid, apart = films_of(generator, replace(PLAIN, decomposition=True)), films_of(generator, PLAIN)
    still, change = grid.mean(axis=2), np.diff(grid, axis=2)
    assert spread(still, axis=0) < 0.7 * spread(still, axis=1)
    assert spread(change, axis=1) < 0.7 * spread(change, axis=0)
    still, change = apart.mean(axis=2), np.diff(apart, axis=2)
    assert spread(still, axis=0) > 0.85 * spread(still, axis=1)
    assert spread(change, axis=1) > 0.85 * spread(change, axis=0)


def test_with_all_of_the_motion_columns_differ_alike_in_every_row_and_rows_move_alike_in_every_column():
    generator = build("linear")
    grid = films_of(generator, replace(PLAIN, decomposition=True))
    still = grid.mean(axis=2)
    beside_row = still - still.mean(axis=1, keepdims=True)
    assert spread(beside_row, axis=0) < 0.3 * spread(beside_row, axis=1)
    moves = np.diff(grid, axis=2).reshape(3, 3, -1)
    for row in range(3):
        assert np.corrcoef(moves[row]).min() > 0.8
        assert abs(np.corrcoef(moves[row, 0], moves[(row + 1) % 3, 0])[0, 1]) < 0.5


def test_content_goes_through_every_seed_and_begins_again_without_a_kink():
    generator, walk = build("linear"), ContentWalk(((0, 0), (0, 1)), 8, (3, 9, 4))
    w = walk.w_at(generator, torch.arange(0, 48, 0.25, dtype=torch.float64), None, truncation=1)
    for clip in range(2):
        for number, seed in enumerate((3, 9, 4, 3, 9, 4)):
            content = draw_latents(generator, seed, clip_numbers=[0], max_time=0).content
            torch.testing.assert_close(w[clip, number * 32], generator.mapping(content)[0], atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(w[:, :96], w[:, 96:], atol=1e-6, rtol=1e-5)
    slopes = w.diff(dim=1)
    at_contents = (slopes[:, 31:-1:32] - slopes[:, 32::32]).norm(dim=-1)
    assert at_contents.max() < 0.1 * slopes.norm(dim=-1).max(), "the slope before a content is that behind it"


def test_content_without_an_end_begins_with_the_videos_own_and_any_part_of_it_can_be_made_alone():
    generator = build("linear")
    options = {"walk": ContentWalk(((0, 2),), 4.5), "frames_at_once": 7}
    latents = draw_latents(generator, 0, clip_numbers=[2], max_time=None)
    film = torch.cat(list(float_frames(generator, latents, Times(0, 1, 60), **options)), dim=1)
    plain = next(float_frames(generator, latents, Times(0, 1, 1)))
    assert (film[:, :1] - plain).abs().max() < 1e-5
    part = torch.cat(list(float_frames(generator, latents, Times(41, 1, 19), **options)), dim=1)
    assert (film[:, 41:] - part).abs().max() < 1e-5
    contents = draw_contents(generator, [(0, 2), (0, 2, 1), (0, 2, 2)])
    assert (contents[0] - contents[1]).abs().max() > 0.1 and (contents[1] - contents[2]).abs().max() > 0.1


def test_weights_of_the_spline_are_those_of_a_cubic_with_the_slopes_of_its_neighbours():
    u, points = torch.linspace(0, 1, 101, dtype=torch.float64), torch.tensor([2.0, -1, 3, 0.5], dtype=torch.float64)
    curve = catmull_rom_weights(u) @ points
    assert torch.allclose(catmull_rom_weights(u).sum(dim=1), torch.ones(101, dtype=torch.float64))
    from scipy.interpolate import CubicHermiteSpline

    slopes = ((points[2:] - points[:-2]) / 2).numpy()
    expected = CubicHermiteSpline([0, 1], points[1:3].numpy(), slopes)(u.numpy())
    np.testing.assert_allclose(curve.numpy(), expected, atol=1e-12)


def test_still_motion_shows_content_alone_and_then_a_walk_is_a_loop():
    generator = build("linear")
    one, *others = film_frames(generator, replace(PLAIN, still=True), 4)
    assert all(np.array_equal(one, other) for other in others)
    walk = list(film_frames(generator, replace(PLAIN, still=True, num_frames=17, interpolate=8.0, contents=(1, 2)), 4))
    assert np.abs(walk[0].astype(int) - walk[16]).max() <= 1 and np.abs(walk[0].astype(int) - walk[8]).max() > 5


@pytest.mark.parametrize("kind", ["linear", "spline"])
def test_slow_motion_has_the_frames_of_the_film_and_between_them_none_that_jumps(kind):
    """Across anchors of motion codes, too, which lie 8 frames apart here."""
    generator = build(kind)
    latents = draw_latents(generator, 0, clip_numbers=[1], max_time=None)
    film, slow = (
        torch.cat(list(float_frames(generator, latents, times)), dim=1)[0]
        for times in (Times(2, 1, 20), Times(2, Fraction(1, 4), 77))
    )
    assert (slow[::4] - film).abs().max() < 1e-5
    steps = slow.diff(dim=0).abs().mean(dim=(1, 2, 3))
    at_anchors = [4 * (anchor - 2) + side for anchor in (8, 16) for side in (-1, 0)]
    assert (
        steps[at_anchors].max() < 1.5 * steps.max()
        and steps.max() < 0.5 * film.diff(dim=0).abs().mean(dim=(1, 2, 3)).max()
    ), "a quarter of the time is much less of the way"
    doubled = torch.cat(list(float_frames(generator, latents, Times(2, 2, 10))), dim=1)[0]
    assert (doubled - film[::2]).abs().max() < 1e-5, "a step of 2 leaves every other frame out"


def videos_of(folder, lengths):
    """Frames that say of which video and time they are by their brightness."""
    for number, length in enumerate(lengths):
        with open_film(folder / str(number), "png", fps=25, num_frames=length) as film:
            for time in range(length):
                film.add(np.full((3, SIZE, SIZE), 40 * (number + 1) + 4 * time, np.uint8))
    return folder


def test_real_clips_play_beside_again_and_again(tmp_path):
    folder = videos_of(tmp_path / "videos", (3, 5))
    values = {"crop": "center", "fps": None, "min_frames": 1, "max_frames": None, "damaged": "drop", "labels": None}
    pack_videos(folder, tmp_path / "packed", settings=PackSettings(resolution=SIZE, jpeg_quality=100, **values))
    for place in (folder, tmp_path / "packed"):
        clips = play_real_clips(place, SIZE, count=3, seed=0)
        shown = [[round(next(clip).mean()) for _ in range(6)] for clip in clips]
        expected = [[40 * (n + 1) + 4 * (time % (3, 5)[n]) for time in range(6)] for n in (0, 1)]
        assert sorted(shown[:2]) == expected and shown[2] == shown[0], "of two clips the first comes again"
    with pytest.raises(DataError, match=f"packed at {SIZE} px, but the snapshot makes 64"):
        play_real_clips(tmp_path / "packed", 64, count=1, seed=0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"grid": None, "beside": "x"}, "--beside x needs --grid"),
        ({"grid": None, "only_grid": True}, "--only-grid needs --grid"),
        ({"contents": (1, 2)}, "--contents: .* give --interpolate FRAMES"),
        ({"interpolate": 0.0}, "--interpolate 0: a number of frames above 0"),
        ({"interpolate": float("nan")}, "--interpolate nan"),
        ({"seeds": (1, 2, 1), "grid": None}, "--seeds: 1 is there twice"),
        ({"share": (0, 2)}, "--share 0/2: a grid is one process's work"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(changes, words):
    if "beside" in changes:
        from pathlib import Path

        changes = changes | {"beside": Path("x")}
    with pytest.raises(ConfigError, match=words):
        replace(PLAIN, **changes).check()
