"""Films in every form: what is read back is what was written, whole or not there."""

import io

import numpy as np
import pytest
from imageio.v3 import imread
from PIL import Image, ImageSequence
from small_disk import small_disk

from stylesv.errors import DataError
from stylesv.film_forms import FORMS
from stylesv.media.film_writers import film_name, open_film

FRAMES = 7


def frames(count=FRAMES, size=(45, 33)):
    """Smooth frames that move by two pixels; neither side is even."""
    y, x = np.mgrid[: size[0], : size[1]]
    values = [[x * 4 + 8 * time, y * 3 + 40, 120 + 0 * x] for time in range(count)]
    return np.clip(np.array(values), 0, 255).astype(np.uint8)


def write(path, form, made, *, fps=25.0, promised=None):
    with open_film(path, form, fps=fps, num_frames=promised or len(made), first_number=3) as film:
        for frame in made:
            film.add(frame)


def array_of(path):
    with np.load(path) as arrays:
        return dict(arrays)


def read(path, form):
    """Frames `t c h w`, without what is added to make sides even."""
    if form in ("png", "jpg"):
        names = sorted(each.name for each in path.iterdir())
        assert names == [f"{number:06d}.{form}" for number in range(3, 3 + FRAMES)]
        found = np.stack([imread(path / name) for name in names])
    elif form == "npz":
        return array_of(path)["frames"]
    elif form == "mp4":
        found = imread(path, plugin="pyav")
    else:
        found = np.stack(
            [
                np.array(each.convert("RGB"))
                for each in ImageSequence.Iterator(Image.open(io.BytesIO(path.read_bytes())))
            ]
        )
    return found.transpose(0, 3, 1, 2)[:, :, :45, :33]


@pytest.mark.parametrize(("form", "worst"), list(zip(FORMS, (4, 6, 6, 0, 3, 0), strict=True)))
def test_every_form_holds_the_frames(tmp_path, form, worst):
    path = tmp_path / film_name("film", form)
    write(path, form, frames())
    found = read(path, form)
    assert found.shape == frames().shape
    assert np.abs(found.astype(int) - frames()).mean() <= worst
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("form", "ms"), [("gif", {25.0: [40], 30.0: [30, 40]}), ("webp", {25.0: [40], 30.0: [33, 34]})]
)
def test_animated_pictures_play_at_their_rate_for_ever(tmp_path, form, ms):
    for fps, allowed in ms.items():
        path = tmp_path / f"{fps:g}.{form}"
        write(path, form, frames(), fps=fps)
        image, shown = Image.open(io.BytesIO(path.read_bytes())), []
        for number in range(image.n_frames - 1):  # nothing says how long the last one is to stand
            image.seek(number)
            image.load()
            shown.append(image.info["duration"])
        assert set(shown) == set(allowed) and image.info["loop"] == 0
        assert abs(sum(shown) - 1000 / fps * (FRAMES - 1)) <= 10


def test_an_array_says_its_rate_and_is_whole_or_not_there(tmp_path):
    write(tmp_path / "a.npz", "npz", frames(), fps=12.5)
    assert array_of(tmp_path / "a.npz")["fps"] == 12.5 and array_of(tmp_path / "a.npz")["frames"].dtype == np.uint8
    with pytest.raises(DataError, match=r"b\.npz: 7 frames were added, and 8 were promised"):
        write(tmp_path / "b.npz", "npz", frames(), promised=8)
    with pytest.raises(KeyboardInterrupt), open_film(tmp_path / "c.npz", "npz", fps=25, num_frames=2) as film:
        film.add(frames()[0])
        raise KeyboardInterrupt
    assert [each.name for each in tmp_path.iterdir()] == ["a.npz"]


@pytest.mark.parametrize("form", ["mp4", "gif", "webp", "npz"])
def test_a_full_disk_leaves_no_part_of_a_film(tmp_path, form):
    noise = np.random.default_rng(0).integers(0, 255, (40, 3, 64, 64), np.uint8)
    with small_disk(tmp_path / "disk", "64k") as disk:
        with pytest.raises(OSError, match="No space left"):
            write(disk / f"film.{form}", form, noise)
        assert list(disk.iterdir()) == []


@pytest.mark.parametrize(("form", "most"), [("mp4", 16_384), ("webp", 16_383), ("gif", 65_535)])
def test_a_film_that_is_too_wide_is_one_line_and_the_widest_is_written(tmp_path, form, most):
    with pytest.raises(DataError, match=f"at most {most:,} a side: put fewer clips side by side"):
        write(tmp_path / f"wide.{form}", form, np.zeros((1, 3, 16, most + 2), np.uint8))
    write(tmp_path / f"widest.{form}", form, np.zeros((1, 3, 16, most), np.uint8))
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"widest.{form}"]
