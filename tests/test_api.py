"""Three calls from Python: the same videos and the same numbers as the command-line programs make."""

import subprocess
import sys

import numpy as np
import pytest
import yaml
from PIL import Image
from small_snapshot import SIZE, write_snapshot

import stylesv
from stylesv.errors import ConfigError, DataError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def networks(root, tmp_path_factory):
    return write_snapshot(tmp_path_factory.mktemp("snapshot") / "networks.safetensors", root)


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """A protocol that scores a few clips of 8 frames by random features."""
    path = tmp_path_factory.mktemp("protocol") / "few.yaml"
    few = {"metric": "frechet_video", "num_frames": 8, "bootstrap": {"resamples": 5}, "motion": None}
    few |= {"neighbours": {"nearest": 2}, "kernel": {"max_subset_size": 4}, "floor": {"draws": 20}}
    path.write_text(yaml.safe_dump({"protocol": few | {"detector": {"resize_px": 32}}}))
    return path


def test_importing_the_package_imports_no_torch():
    told = "import sys, stylesv; print('torch' in sys.modules, stylesv.__version__)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout == "False 0.1.0\n"


def test_a_video_is_the_same_however_many_are_made_and_however_long(networks):
    generator = stylesv.load_generator(networks)
    many = stylesv.generate(generator, num_videos=3, num_frames=20, seed=4)
    assert many.shape == (3, 20, 3, SIZE, SIZE) and many.dtype == np.uint8
    first = stylesv.generate(generator, num_videos=1, num_frames=8, seed=4).astype(int)
    assert np.abs(first - many[:1, :8]).max() <= 1, "another batch rounds otherwise, no more"
    later = stylesv.generate(generator, num_videos=3, num_frames=4, seed=4, start_frame=16).astype(int)
    assert np.abs(later - many[:, 16:]).max() <= 1, "a window is the same part of the film"


def test_arrays_score_as_the_same_frames_in_folders_do(tmp_path, networks, few):
    rng = np.random.default_rng(0)
    sides = {name: rng.integers(0, 256, (8, 12, 3, SIZE, SIZE), np.uint8) for name in ("real", "made")}
    for name, videos in sides.items():
        for number, video in enumerate(videos):
            folder = tmp_path / name / f"{number}"
            folder.mkdir(parents=True)
            for time, frame in enumerate(video):
                Image.fromarray(frame.transpose(1, 2, 0)).save(folder / f"{time:03d}.png")
    by_array = stylesv.score(sides["real"], sides["made"], protocol=few)
    by_folder = stylesv.score(tmp_path / "real", str(tmp_path / "made"), protocol=few)
    assert by_array.label == "rFVD8"
    assert by_array.value == pytest.approx(by_folder.value, rel=1e-6)
    twice = np.concatenate([sides["made"][:1], sides["made"]])
    assert any("same as another one" in note for note in stylesv.score(sides["real"], twice, protocol=few).notes)


@pytest.mark.parametrize(
    ("videos", "told"),
    [
        (np.zeros((2, 8, 3, 8, 9), np.uint8), "squares"),
        (np.zeros((0, 8, 3, 8, 8), np.uint8), "at least one"),
        (np.zeros((2, 8, 3, 8, 8)), "array of float64"),
        (np.zeros((8, 3, 8, 8), np.uint8), "videos, frames, 3 colours"),
    ],
)
def test_arrays_that_are_no_videos_are_refused(few, videos, told):
    with pytest.raises(DataError, match=told):
        stylesv.score(videos, videos, protocol=few)


def test_numbers_out_of_range_are_refused(networks):
    generator = stylesv.load_generator(networks)
    with pytest.raises(ConfigError, match="num_frames=0: a whole number from 1"):
        stylesv.generate(generator, num_frames=0)
    with pytest.raises(ConfigError, match=r"truncation=-1: a number from 0 to 4"):
        stylesv.generate(generator, truncation=-1)


def test_a_mean_of_w_that_training_left_at_0_is_estimated_with_a_warning(networks):
    generator = stylesv.load_generator(networks.parent)
    with pytest.warns(UserWarning, match="the snapshot has no mean of w"):
        wide = stylesv.generate(generator, num_frames=1, truncation=1.5)
    plain = stylesv.generate(generator, num_frames=1)
    assert generator.mapping.w_avg.any() and not np.array_equal(wide, plain)


WRONG = """
import numpy as np, stylesv
from stylesv.errors import StyleSVError

generator = stylesv.load_generator({networks!r})
for call in (
    lambda: stylesv.load_generator(None),
    lambda: stylesv.load_generator(""),
    lambda: stylesv.generate({networks!r}),
    lambda: stylesv.generate(generator, seed="a"),
    lambda: stylesv.generate(generator, num_frames=2.5),
    lambda: stylesv.generate(generator, start_frame=10**12),
    lambda: stylesv.score("real", None),
    lambda: stylesv.score([], "generated"),
    lambda: stylesv.score("real", ""),
    lambda: stylesv.score("real", "generated", resolution=-1),
):
    try:
        print("no error", call())
    except StyleSVError as error:
        print(str(error).replace(repr(generator), "G"))
"""


def test_what_is_of_another_kind_is_refused_in_a_line(networks):
    """In a process of its own, where nothing but the package looks at types."""
    code = WRONG.format(networks=str(networks))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "networks=None: the path of a file is expected",
        ".: no such snapshot; give a networks.safetensors, the folder of a run in results/runs, or the name of an experiment",
        f"generator={str(networks)!r}: what load_generator gives is expected",
        "seed='a': a whole number from 0 to 9,223,372,036,854,775,807 is expected",
        "num_frames=2.5: a whole number from 1 to 16,777,216 is expected",
        "start_frame=1000000000000: a whole number from 0 to 16,777,216 is expected",
        "generated=None: an array n t c h w or the path of videos is expected",
        "real=[]: an array n t c h w or the path of videos is expected",
        "generated='': an array n t c h w or the path of videos is expected",
        "resolution=-1: a number of pixels is expected",
    ]
