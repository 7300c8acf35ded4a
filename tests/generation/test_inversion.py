"""invert.py and edit.py: codes of a clip are found again, and films of codes are what they say."""

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from imageio.v3 import imread
from script_here import run_here
from small_snapshot import SIZE, write_snapshot

from stylesv.errors import ConfigError, DataError
from stylesv.files import file_sha256
from stylesv.generation import inversion
from stylesv.generation.clips import float_frames, generate_clips, load_generator, to_uint8
from stylesv.generation.editing import (
    EditRequest,
    content_of,
    frames_of_codes,
    motion_of,
    principal_directions,
    write_component_directions,
    write_difference_direction,
    write_edited_film,
)
from stylesv.generation.inversion import InversionSettings, as_shown, invert, ramp
from stylesv.generation.inversion_files import generated_target, require_free
from stylesv.generation.latents import FoundContent, Latents, draw_latents
from stylesv.records.codes import Codes, CodesFrom, read_codes, write_codes
from stylesv.records.directions import read_directions
from stylesv.records.fidelity import read_inversion_report

FAST = InversionSettings(steps=60, draws=24, starts=2, generations=1, perceptual_weight=0.0)
FRAMES = 4


@pytest.fixture(scope="module")
def networks(tmp_path_factory, root):
    return write_snapshot(tmp_path_factory.mktemp("snapshot") / "networks.safetensors", root)


@pytest.fixture(scope="module")
def generator(networks):
    return load_generator(networks)[0]


@pytest.fixture(scope="module")
def inverted(networks, root, tmp_path_factory):
    """What the program made of clip 0 of seed 5, and what it said."""
    out = tmp_path_factory.mktemp("inverted") / "codes"
    options = [
        "--steps",
        30,
        "--draws",
        24,
        "--starts",
        2,
        "--generations",
        1,
        "--perceptual-weight",
        0.1,
        "--frames",
        FRAMES,
    ]
    script = root / "workflow_scripts" / "invert.py"
    done = run_here(script, "--networks", networks, "--generated", 5, "--out", out, *options)
    assert done.returncode == 0, done.stderr
    return out, done.stdout


def noise_of(generator, given, max_time):
    """Motion noise of codes or a seed, for times up to one."""
    noise, _ = motion_of(generator, given, None)
    return noise.reader().read(0, generator.motion_noise_length(max_time))[0]


def codes_of_seed(generator, path, seed, *, space="w", networks_sha256="0" * 64, frames=FRAMES):
    """The true codes of clip 0 of a seed."""
    w = content_of(generator, seed)
    motion = noise_of(generator, seed, frames - 1)
    if space == "w+":
        w = w.repeat(generator.synthesis.num_ws, 1)
    about = CodesFrom(
        format="stylesv codes 1",
        networks_sha256=networks_sha256,
        target="made up",
        space=space,
        num_frames=frames,
        class_number=None,
        seed=seed + 100,
    )
    write_codes(path, Codes(about, w.numpy(), motion.numpy()))
    return path


def made(generator, seed, frames=FRAMES, start=0):
    times = start + torch.arange(frames, dtype=torch.float32)
    return torch.cat(list(generate_clips(generator, seed=seed, clip_numbers=[0], times=times)))[0].numpy()


def test_a_generated_clip_is_found_nearer_than_the_nearest_draw_and_nearer_still_in_w_plus(inverted, generator):
    out, said = inverted
    report = read_inversion_report(out / "fidelity.json")
    in_w, in_w_plus = report.found
    assert (in_w.space, in_w_plus.space) == ("w", "w+")
    target = made(generator, 5).astype(float)
    draws = [made(generator, 0), *(made(generator, seed) for seed in (1, 2, 3))]
    nearest = max(10 * np.log10(255**2 / np.square(target - draw).mean()) for draw in draws)
    assert in_w.psnr > nearest + 3 and in_w_plus.psnr > in_w.psnr
    assert f"PSNR {in_w_plus.psnr:.2f} dB" in said and "shift-tolerant LPIPS" in said
    assert report.note is None and "note:" not in said
    worse = report.model_copy(update={"found": report.found[::-1]})
    assert worse.note == "w is farther than w+: give more --steps, or take w+ (--space w+)"


def test_codes_films_and_numbers_are_of_the_clip_that_was_found(inverted, generator, networks):
    out, _ = inverted
    assert sorted(path.name for path in out.iterdir()) == [
        "codes.safetensors",
        "fidelity.json",
        "side_by_side.mp4",
        "side_by_side.png",
    ]
    codes = read_codes(out / "codes.safetensors")
    assert codes.w.shape == (generator.synthesis.num_ws, 12) and codes.about.space == "w+"
    frames = frames_of_codes(
        generator,
        torch.from_numpy(codes.w)[None],
        motion_of(generator, out, None)[0],
        torch.arange(float(FRAMES)),
        class_number=None,
    )
    found = np.stack([frame[0] for frame in frames]).astype(float)
    error = np.square(found - made(generator, 5)).mean(axis=(1, 2, 3))
    told = read_inversion_report(out / "fidelity.json").found[1]
    np.testing.assert_allclose(told.psnr_of_frames, 10 * np.log10(255**2 / error), atol=0.01)
    assert told.psnr == pytest.approx(np.mean(told.psnr_of_frames))
    film = imread(out / "side_by_side.mp4", plugin="pyav")
    assert film.shape[0] == FRAMES and film.shape[2] >= 3 * SIZE


def test_the_same_call_finds_the_same_codes(generator):
    target = made(generator, 5)
    settings = replace(FAST, steps=5, space="w")
    first, second = (invert(generator, target, settings)[0] for _ in range(2))
    torch.testing.assert_close(first.w, second.w, rtol=0, atol=0)
    torch.testing.assert_close(first.motion, second.motion, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("program", "options", "ending"),
    [
        ("edit", ["--content", 1, "--frames", 2], ".mp4"),
        ("find_directions", ["--components", 2], ".safetensors"),
        ("export_generator", [], ".pt"),
    ],
)
def test_what_lies_under_the_files_name_is_kept_unless_it_is_to_be_replaced(
    networks, root, tmp_path, program, options, ending
):
    out = tmp_path / f"mine{ending}"
    out.write_bytes(b"mine")
    call = [root / "workflow_scripts" / f"{program}.py", "--networks", networks, *options, "--out", out]
    refused = run_here(*call)
    assert (refused.returncode, out.read_bytes()) == (2, b"mine"), refused.stdout
    assert refused.stderr == f"error: --out {out}: is there already; give another name, or --overwrite to replace it\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--learning-rate", "nan"], "'nan' is no number from 1e-06 to 10"),
        (["--perceptual-weight", "nan"], "'nan' is no number from 0 to 1000"),
        (["--fps", "nan"], "'nan' is no number from 0.1 to 1000"),
        (["--frames", 10**20], "is not in the range 1<=x<=1000000000"),
        (["--starts", 9, "--draws", 4], "--starts 9: are the nearest of --draws 4"),
    ],
)
def test_numbers_that_cannot_be_are_refused_before_any_work(networks, root, tmp_path, options, said):
    call = [
        root / "workflow_scripts" / "invert.py",
        "--networks",
        networks,
        "--generated",
        1,
        "--out",
        tmp_path / "out",
    ]
    refused = run_here(*call, *options)
    assert refused.returncode == 2 and said in refused.stderr and refused.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_sets_that_are_the_same_have_no_direction(networks, tmp_path):
    with pytest.raises(ConfigError, match="from a content to the same one"):
        write_difference_direction(networks, tmp_path / "d.safetensors", [1, 2], [2, 1])
    assert not (tmp_path / "d.safetensors").exists()


def test_slow_motion_after_a_million_frames_keeps_its_fractions():
    times = EditRequest(content=0, motion=0, num_frames=4, start_frame=1_000_000, time_step=Fraction(1, 3)).times()
    assert times[:].tolist() == pytest.approx([1e6, 1e6 + 1 / 3, 1e6 + 2 / 3, 1e6 + 1], abs=1e-6, rel=0)


def test_without_the_package_of_weights_ssim_takes_its_place_and_that_is_said(networks, root, tmp_path, monkeypatch):
    from stylesv.errors import DetectorError

    def missing(_device):
        raise DetectorError("the package stlpips-pytorch is not installed")

    monkeypatch.setattr(inversion, "shift_tolerant_lpips", missing)
    options = ["--steps", 2, "--draws", 2, "--starts", 1, "--frames", 2, "--space", "w", "--out", tmp_path / "out"]
    done = run_here(root / "workflow_scripts" / "invert.py", "--networks", networks, "--generated", 1, *options)
    assert done.returncode == 0, done.stderr
    rate, distance = done.stdout.splitlines()[:2]
    assert rate.startswith("25 frames per second: nobody knows those of the snapshot's data")
    assert distance.startswith("no shift-tolerant LPIPS, SSIM is taken in its place: the package stlpips-pytorch is")
    report = json.loads((tmp_path / "out" / "fidelity.json").read_text())
    assert report["found"][0]["stlpips"] is None and report["perceptual"] == "ssim"


def test_a_film_is_inverted_at_the_snapshots_size(networks, root, tmp_path):
    from stylesv.media.video_file import write_video

    frames = np.random.default_rng(0).integers(0, 255, (5, 3, 48, 64), np.uint8)
    write_video(tmp_path / "film.mp4", frames, fps=25)
    options = ["--steps", 1, "--draws", 1, "--starts", 1, "--space", "w", "--out", tmp_path / "out"]
    script = root / "workflow_scripts" / "invert.py"
    call = [script, "--networks", networks, "--target", tmp_path / "film.mp4", *options]
    done = run_here(*call, "--frames", 3, "--start-frame", 2)
    assert done.returncode == 0, done.stderr
    assert read_codes(tmp_path / "out" / "codes.safetensors").about.target == "film.mp4: clip 0, frames 2 to 4"
    for changed, words in (
        (["--frames", 3, "--start-frame", 3], "holds the codes of an earlier call"),
        (["--frames", 3, "--start-frame", 3, "--overwrite"], "has 5 frames, so there are no 3 from frame 3 on"),
        (["--frames", 3, "--clip", 1, "--overwrite"], "there is no number 1"),
        (["--generated", 3], "give --target"),
    ):
        refused = run_here(*call, *changed)
        assert refused.returncode == 2 and words in refused.stderr and refused.stderr.count("\n") == 1


def test_a_folder_of_other_things_is_not_touched(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ConfigError, match=r"mine\.txt"):
        require_free(tmp_path, overwrite=True)


def test_a_target_of_another_size_is_refused(generator):
    with pytest.raises(DataError, match="the snapshot makes"):
        invert(generator, np.zeros((2, 3, 16, 16), np.uint8), FAST)
    with pytest.raises(ConfigError, match="no classes"):
        invert(generator, np.zeros((2, 3, SIZE, SIZE), np.uint8), FAST, class_number=1)


def test_the_generated_target_is_the_clip_of_its_seed_and_number(generator):
    target = generated_target(generator, seed=3, clip=0, num_frames=FRAMES, class_number=None)
    np.testing.assert_array_equal(target.frames, made(generator, 3))


def test_the_learning_rate_rises_stays_and_falls():
    assert ramp(0) == 0 and ramp(0.025) == pytest.approx(0.5) and ramp(0.05) == ramp(0.75) == 1
    assert ramp(0.875) == pytest.approx(0.5) and ramp(0.999) < 1e-4


def test_beyond_white_is_white_only_where_white_is_wanted():
    made_, wanted = torch.tensor([[[[1.5, 1.5, -2.0, -2.0]]]]), torch.tensor([[[[1.0, 0.5, -1.0, 0.0]]]])
    assert as_shown(made_, wanted).flatten().tolist() == [1.0, 1.5, -1.0, -2.0]


@pytest.mark.parametrize("space", ["w", "w+"])
def test_a_film_of_true_codes_is_the_clip_of_the_seed_and_goes_on(generator, networks, tmp_path, space):
    path = codes_of_seed(generator, tmp_path / "codes.safetensors", 5, space=space)
    motion = noise_of(generator, path, 100.0)
    known = read_codes(path).motion
    np.testing.assert_array_equal(motion[: len(known)].numpy(), known)
    drawn = noise_of(generator, 105, 100.0)
    torch.testing.assert_close(motion[len(known) :], drawn[len(known) :], rtol=0, atol=0)
    assert len(motion) > len(known), "what the clip did not decide is drawn"
    w = content_of(generator, path)
    noise, _ = motion_of(generator, path, None)
    frames = frames_of_codes(generator, w[None], noise, torch.arange(float(FRAMES)), class_number=None)
    difference = np.stack([frame[0] for frame in frames]).astype(int) - made(generator, 5)
    assert abs(difference).max() <= 1  # a float may fall on the other side of a whole number
    asked = EditRequest(content=path, motion=7, num_frames=3, any_snapshot=True)
    list(write_edited_film(networks, tmp_path / "film.mp4", asked))
    assert imread(tmp_path / "film.mp4", plugin="pyav").shape == (3, SIZE, SIZE, 3)


def test_a_difference_leads_from_one_content_to_the_other(generator, networks, root, tmp_path):
    start, end = codes_of_seed(generator, tmp_path / "a.safetensors", 1, networks_sha256=file_sha256(networks)), 2
    write_difference_direction(networks, tmp_path / "d.safetensors", [start], [end])
    step = read_directions(tmp_path / "d.safetensors").steps[0]
    reached = content_of(generator, 1) + torch.from_numpy(step)
    torch.testing.assert_close(reached, content_of(generator, 2), rtol=0, atol=1e-5)
    script, film = root / "workflow_scripts" / "edit.py", tmp_path / "film.mp4"
    options = ["--directions", tmp_path / "d.safetensors", "--steps=-1,0,1", "--frames", 2, "--out", film]
    done = run_here(script, "--networks", networks, "--content", start, *options)
    assert done.returncode == 0, done.stderr
    assert imread(film, plugin="pyav").shape[2] > 3 * SIZE
    for changed, words in ((["--component", 1], "has 1 directions"), (["--out", tmp_path / "x.gif"], "ends in .mp4")):
        refused = run_here(script, "--networks", networks, "--content", start, *options, "--overwrite", *changed)
        assert refused.returncode == 2 and words in refused.stderr
    refused = run_here(script, "--networks", networks, "--content", 1, "--steps=1", "--out", tmp_path / "y.mp4")
    assert refused.returncode == 2 and "--directions" in refused.stderr


def test_components_are_those_of_the_covariance(networks, tmp_path):
    draws = torch.Generator().manual_seed(0)
    w = torch.randn(500, 4, generator=draws) @ torch.diag(torch.tensor([1.0, 5.0, 0.1, 2.0])) + 3
    steps, shares = principal_directions(w, 2)
    values, vectors = np.linalg.eigh(np.cov(w.double().numpy().T))
    np.testing.assert_allclose(shares, values[::-1][:2] / values.sum(), rtol=1e-6)
    for step, value, vector in zip(steps.numpy(), values[::-1], vectors.T[::-1], strict=False):
        np.testing.assert_allclose(abs(step @ vector), np.sqrt(value), rtol=1e-5)
        assert np.linalg.norm(step) == pytest.approx(np.sqrt(value), rel=1e-5)
    directions = write_component_directions(networks, tmp_path / "d.safetensors", count=3)
    assert directions.steps.shape == (3, 1, 12)
    with pytest.raises(ConfigError, match="w has 12 numbers"):
        write_component_directions(networks, tmp_path / "d.safetensors", count=13)


def test_codes_of_another_snapshot_and_damaged_ones_are_refused(generator, networks, root, tmp_path):
    path = codes_of_seed(generator, tmp_path / "codes.safetensors", 5)
    codes = read_codes(path)
    with pytest.raises(DataError, match=r"codes of another snapshot \(SHA-256 00000000\.\.\., this one has "):
        list(write_edited_film(networks, tmp_path / "film.mp4", EditRequest(content=path, motion=7, num_frames=3)))
    with pytest.raises(DataError, match="codes of another snapshot"):
        write_difference_direction(networks, tmp_path / "d.safetensors", [path], [1])
    assert not (tmp_path / "film.mp4").exists() and not (tmp_path / "d.safetensors").exists()
    write_difference_direction(networks, tmp_path / "d.safetensors", [path], [1], any_snapshot=True)
    others = write_snapshot(tmp_path / "others.safetensors", root, kimg=1)
    asked = EditRequest(content=1, motion=1, num_frames=1, directions=tmp_path / "d.safetensors")
    with pytest.raises(DataError, match="directions of another snapshot"):
        list(write_edited_film(others, tmp_path / "film.mp4", asked))
    write_codes(tmp_path / "other.safetensors", replace(codes, w=codes.w[:, :-1]))
    with pytest.raises(DataError, match="do not fit the snapshot"):
        content_of(generator, tmp_path / "other.safetensors")
    write_codes(tmp_path / "other.safetensors", replace(codes, w=codes.w * np.float32(np.nan)))
    with pytest.raises(DataError, match=r"other.safetensors: w holds numbers that are not finite"):
        content_of(generator, tmp_path / "other.safetensors")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="SHA-256"):
        read_codes(path)
    with pytest.raises(DataError):
        read_directions(tmp_path / "other.safetensors")


@pytest.mark.parametrize("start", [0, 1_000_000])
def test_without_an_edit_frames_are_those_of_generate(generator, start):
    asked = EditRequest(content=5, motion=5, num_frames=3, start_frame=start)
    motion, _ = motion_of(generator, 5, None)
    latents = draw_latents(generator, 5, clip_numbers=[0], max_time=None)
    found = Latents(FoundContent(content_of(generator, 5)[None]), motion)
    wanted, given = (torch.cat(list(float_frames(generator, each, asked.times())), dim=1) for each in (latents, found))
    torch.testing.assert_close(given, wanted, rtol=0, atol=1e-5)
    shown = np.stack(list(frames_of_codes(generator, found.content.w, motion, asked.times(), class_number=None)))
    np.testing.assert_array_equal(shown[:, 0], to_uint8(given)[0].numpy())
    assert wanted.std() > 0.01


@pytest.mark.parametrize(
    ("program", "options", "ending"),
    [
        ("edit", ["--content", 1, "--frames", 2], ".mp4"),
        ("find_directions", ["--components", 2], ".safetensors"),
        ("export_generator", [], ".pt"),
        ("invert", ["--generated", 1], ""),
        ("generate", [], ""),
    ],
)
def test_a_file_in_the_place_of_a_folder_is_said_before_any_work(networks, root, tmp_path, program, options, ending):
    (tmp_path / "file").write_text("mine")
    out, script = tmp_path / "file" / f"deep/out{ending}", root / "workflow_scripts" / f"{program}.py"
    refused = run_here(script, "--networks", networks, *options, "--out", out)
    assert refused.returncode == 2
    assert refused.stderr == f"error: --out {out}: {tmp_path / 'file'} is a file; give a place in a folder\n"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("{}", "{}/codes.safetensors: no such file; give a codes.safetensors that invert.py wrote, or a seed"),
        ("nowhere", "nowhere: no such file; give a codes.safetensors that invert.py wrote, or a seed"),
        ("{networks}", "{networks}: is no file of codes; give a codes.safetensors that invert.py wrote, or a seed"),
        ("-1", "-1 is not in the range x>=0."),
        ("", "a file of codes, or a seed, is expected"),
    ],
)
def test_what_are_no_codes_is_said_in_a_line(networks, root, tmp_path, given, words):
    place = {"networks": networks}
    options = ["--content", given.format(tmp_path, **place), "--frames", 1, "--out", tmp_path / "film.mp4"]
    refused = run_here(root / "workflow_scripts" / "edit.py", "--networks", networks, *options)
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1
    assert words.format(tmp_path, **place) in refused.stderr


def test_a_seed_of_many_digits_and_the_folder_of_invert_are_taken(networks, root, tmp_path, inverted):
    script = root / "workflow_scripts" / "edit.py"
    for number, options in enumerate((["--content", "9" * 30], ["--content", inverted[0], "--motion", "1" + "0" * 20])):
        film = tmp_path / f"{number}.mp4"
        done = run_here(script, "--networks", networks, *options, "--frames", 2, "--out", film)
        assert done.returncode == 0 and len(imread(film, plugin="pyav")) == 2, done.stderr


@pytest.mark.long
def test_a_generated_clip_is_found_again_above_30_db(generator):
    settings = InversionSettings(steps=300, draws=256, starts=3, perceptual_weight=0.0)
    found = invert(generator, made(generator, 5, frames=8), settings)
    assert found[-1].fidelity.psnr > 30
