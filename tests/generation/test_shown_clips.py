"""What is shown of snapshots and of real clips: films, and the small files that figures are drawn from."""

import io

import numpy as np
import pytest
import torch
from imageio.v3 import imread
from PIL import Image
from small_snapshot import SIZE, write_snapshot

from stylesv.config.dataset import PackSettings
from stylesv.config.figures import ClipSettings
from stylesv.data.packed import PackedClips
from stylesv.data.packing import pack_videos
from stylesv.generation.clips import generate_clips, load_generator, synthesize
from stylesv.generation.latents import Latents, draw_latents
from stylesv.generation.shown_clips import FilmFiles, read_real_clips, show_real_clips
from stylesv.generation.shown_snapshot import show_snapshot
from stylesv.media.video_file import write_video
from stylesv.records.look import Look
from stylesv.records.shown_clips import read_shown_clips

LOOK = {"num_clips": 3, "columns": 2, "num_frames": 6, "strip_clips": 2, "strip_frames": 3, "long_clips": 2}
LOOK |= {"long_frames": 20, "decomposition": 2, "truncation": 1.0, "seed": 0}


def shown_of(root, tmp_path, *, num_frames):
    """What is shown of a snapshot, and where its films are."""
    networks = tmp_path / "sky-D-s0-00" / "0" / "networks.safetensors"
    write_snapshot(networks, root, num_frames=num_frames, kimg=0)
    films = [FilmFiles(tmp_path / f"{name}.mp4", tmp_path / f"{name}.webp") for name in ("clips", "decomposition")]
    look = Look(clips=ClipSettings(**LOOK), fps=25.0, among="0")
    show_snapshot(networks, look, clips=films[0], decomposition=films[1], shown=tmp_path / "shown.safetensors")
    return networks, films, read_shown_clips(tmp_path / "shown.safetensors")


@pytest.mark.parametrize("num_frames", [3, None])  # an imported checkpoint may not say for how many it was trained
def test_what_is_shown_is_what_the_generator_makes(root, tmp_path, num_frames):
    networks, films, shown = shown_of(root, tmp_path, num_frames=num_frames)
    generator, _ = load_generator(networks)
    (made,) = next(generate_clips(generator, seed=0, clip_numbers=[0], times=torch.arange(20.0))).numpy()  # t c h w
    assert shown.about.name == "sky-D-s0-00" and shown.about.kimg == 0
    assert list(shown.strip_times) == [0, 2, 5] and list(shown.long_times) == [0, 10, 19]
    assert np.array_equal(shown.strip[0], made[[0, 2, 5]].transpose(0, 2, 3, 1))
    assert np.array_equal(shown.long_strip[0], made[[0, 10, 19]].transpose(0, 2, 3, 1))  # longer, the same clip
    assert np.array_equal(shown.slices[0], made[:6, :, :, SIZE // 2].transpose(2, 0, 1))
    change = np.abs(made[1:].astype(float) - made[:-1]).mean(axis=(1, 2, 3))
    assert shown.differences[0] == pytest.approx(change, rel=1e-5)
    assert shown.sticking.shape == (3,) and shown.likeness.shape == (2, 11) and shown.drift.shape == (2, 3, 20)
    assert [len(imread(film.film, plugin="pyav")) for film in films] == [6, 6]
    assert [Image.open(io.BytesIO(film.animation.read_bytes())).n_frames for film in films] == [6, 6]


def test_columns_of_the_decomposition_share_content_and_rows_motion(root, tmp_path):
    networks, _, shown = shown_of(root, tmp_path, num_frames=3)
    generator, _ = load_generator(networks)
    one, other = (draw_latents(generator, 0, clip_numbers=[n], max_time=5.0) for n in (0, 1))
    mixed = Latents(other.content, one.motion, None)  # row 0, column 1
    times = torch.from_numpy(shown.decomposition_times).float()
    made = torch.cat(list(synthesize(generator, mixed, times)), dim=1)[0].numpy()
    assert shown.decomposition.shape[:3] == (2, 2, 3)
    assert np.array_equal(shown.decomposition[0, 1], made.transpose(0, 2, 3, 1))


def test_a_model_of_single_frames_has_clips_of_one_frame(root, tmp_path):
    _, films, shown = shown_of(root, tmp_path, num_frames=1)
    assert not shown.moves and shown.differences.shape == (2, 0) and shown.sticking.shape == (0,)
    assert shown.spectrum.shape == (SIZE // 2,) and len(imread(films[0].film, plugin="pyav")) == 1


def test_real_clips_are_shown_from_packed_ones(tmp_path):
    frames = np.random.default_rng(0).integers(0, 255, (24, 3, SIZE, SIZE), np.uint8)
    for number, length in enumerate((12, 24)):
        write_video(tmp_path / "videos" / f"{number}.mp4", frames[:length], fps=25)
    values = {"crop": "center", "fps": None, "min_frames": 1, "max_frames": None, "damaged": "drop", "labels": None}
    settings = PackSettings(resolution=SIZE, jpeg_quality=95, **values)
    pack_videos(tmp_path / "videos", tmp_path / "sky-00", settings=settings)
    look = Look(clips=ClipSettings(**LOOK | {"long_clips": 1}), fps=25.0, among=None)
    films = FilmFiles(tmp_path / "a.mp4", tmp_path / "a.webp")
    show_real_clips(tmp_path / "sky-00", look, clips=films, shown=tmp_path / "shown.safetensors")
    shown = read_shown_clips(tmp_path / "shown.safetensors")
    assert (shown.about.name, shown.about.kimg, shown.about.motion_distance) == ("sky-00", None, None)
    assert list(shown.long_times) == [0, 10, 19]  # of the longer film
    assert len(imread(tmp_path / "a.mp4", plugin="pyav")) == 6 and shown.decomposition.size == 0


def test_real_clips_beside_generated_ones_are_whole_or_all_as_short_as_the_shortest(tmp_path):
    frames = np.random.default_rng(0).integers(0, 255, (12, 3, 32, 32), np.uint8)
    for number, length in enumerate((12, 5, 12, 12)):
        write_video(tmp_path / "videos" / f"{number}.mp4", frames[:length], fps=25)
    values = {"crop": "center", "fps": None, "min_frames": 1, "max_frames": None, "damaged": "drop", "labels": None}
    pack_videos(
        tmp_path / "videos", tmp_path / "packed", settings=PackSettings(resolution=32, jpeg_quality=95, **values)
    )
    packed = PackedClips(tmp_path / "packed")
    assert read_real_clips(packed, 3, 12, seed=0).shape[1] == 12  # the short one is left out
    assert read_real_clips(packed, 4, 12, seed=0).shape[1] == 5  # it is needed, and no clip holds its last frame
