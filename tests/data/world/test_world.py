import dataclasses
from itertools import pairwise
from typing import get_args

import av
import numpy as np
import pytest
from small_disk import small_disk

from stylesv.data.world import roadside
from stylesv.data.world.drawing import draw_frame, prepare_canvas
from stylesv.data.world.rendering import AS_FILMED, render_driving_videos
from stylesv.data.world.scenes import ObjectKind, RoadsideObject, draw_scene
from stylesv.errors import ConfigError, DataError, MachineError
from stylesv.media.video_file import write_video


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def bare_scene(**changed):
    """A straight, empty, clear road by day."""
    scene = draw_scene(0, 0, duration_seconds=1.0)
    noon = np.ones(3, np.float32)
    bare = {"objects": (), "curve_peak": 0.0, "haze_length": 1e6, "light": noon, "cloud_cover": 0.0, "cloud_drift": 0.0}
    return dataclasses.replace(scene, **bare, **changed)


def test_two_renders_are_byte_identical_and_more_films_and_processes_leave_the_first_ones(tmp_path):
    render_driving_videos(tmp_path / "a", num_videos=4, seed=3, seconds=(0.3, 0.6))
    render_driving_videos(tmp_path / "b", num_videos=6, seed=3, seconds=(0.3, 0.6), num_workers=2)
    render_driving_videos(tmp_path / "c", num_videos=4, seed=4, seconds=(0.3, 0.6))
    first, second, other = (contents(tmp_path / name) for name in "abc")
    assert sorted(first) == [f"drive_{i:04d}.mp4" for i in range(4)]
    assert all(second[name] == content for name, content in first.items())
    assert all(other[name] != content for name, content in first.items())


def test_films_are_h264_that_browsers_stream_and_differ_in_length_rate_and_size(tmp_path):
    facts = []
    for path in render_driving_videos(tmp_path / "films", num_videos=10, seed=0, seconds=(0.2, 0.9)):
        content = path.read_bytes()
        assert content.index(b"moov") < content.index(b"mdat"), "the index must come first to start fast"
        with av.open(str(path)) as film:
            stream = film.streams.video[0]
            assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
            facts.append((stream.frames, stream.average_rate, (stream.width, stream.height)))
    lengths, rates, sizes = (set(values) for values in zip(*facts, strict=True))
    assert min(len(lengths), len(rates), len(sizes)) > 2
    assert min(lengths) >= 2 and max(lengths) <= 27


def test_encoder_gives_the_same_bytes_whatever_memory_held_before(tmp_path):
    """x264 does not by default: its macroblock tree reads memory that nobody wrote."""
    canvas = prepare_canvas(draw_scene(3, 1, duration_seconds=1.0), 96, 160)
    frames = [draw_frame(canvas, number / 10).transpose(2, 0, 1) for number in range(6)]
    rng, kept, seen = np.random.default_rng(0), [], set()
    for _ in range(30):
        kept.append(rng.random(int(rng.integers(1, 50000))))
        write_video(tmp_path / "f.mp4", frames, fps=10, encoding=AS_FILMED)
        seen.add((tmp_path / "f.mp4").read_bytes())
    assert len(seen) == 1


def test_film_shows_the_frames_given_to_it(tmp_path):
    frames = [np.full((3, 32, 48), 20 * i, np.uint8) for i in range(10)]
    write_video(tmp_path / "f.mp4", frames, fps=12, encoding=AS_FILMED)
    with av.open(str(tmp_path / "f.mp4")) as film:
        means = [frame.to_ndarray(format="rgb24").mean() for frame in film.decode(video=0)]
    np.testing.assert_allclose(means, np.arange(10) * 20, atol=3)


@pytest.mark.parametrize("clip", range(8))
def test_scenes_have_sky_above_and_a_grey_road_below(clip):
    frame = draw_frame(prepare_canvas(draw_scene(0, clip, duration_seconds=4.0), 96, 160), 1.0).astype(float)
    sky, road = frame[:20, 60:100], frame[70:, 60:100]  # trees stand to the left and right
    assert sky.mean() > road.mean() + 15
    assert sky[..., 2].mean() >= sky[..., 0].mean() - 5, "a sky is not red"
    assert np.ptp(np.median(road, (0, 1))) < 35, "a road is grey"


def test_road_narrows_to_the_vanishing_point_as_a_pinhole_camera_says():
    scene = bare_scene(road=np.full(3, 80, np.float32), grass=np.array([0, 255, 0], np.float32))
    frame = draw_frame(prepare_canvas(scene, 96, 600), 0.0).astype(float)
    not_grass = frame[..., 1] < frame[..., 0] + frame[..., 2] + 90
    for row in range(50, 95, 5):
        columns = np.nonzero(not_grass[row])[0]
        # camera 1.4 m above the road, which is 2 * (3.9 + 0.7) m wide with its shoulder; horizon at 0.46 of the height
        expected = 9.2 * (row + 0.5 - 0.46 * 96) / 1.4
        assert np.ptp(columns) + 1 == pytest.approx(expected, rel=0.03, abs=2)
        centre = 300 - scene.lane_offset * (row + 0.5 - 0.46 * 96) / 1.4
        assert columns.mean() + 0.5 == pytest.approx(centre, abs=2)


def test_marks_move_towards_the_car_at_its_speed():
    scene = bare_scene(speed=10.0)
    canvas = prepare_canvas(scene, 96, 160)
    start, later, full_period = (draw_frame(canvas, t).astype(int) for t in (0.0, 0.3, 12 / 10.0))
    assert np.abs(start - later)[50:].max() > 40
    ground = slice(60, None)  # 12 m are one dash and one band of grass
    assert np.abs(start - full_period)[ground].max() <= 1


def test_a_drive_is_periodic_in_the_rows_of_its_trees():
    """Every tree of a side is one gap of 12 m from the next, so that its picture is where the next one's was 12 m before."""
    for clip in range(4):
        things = draw_scene(0, clip, duration_seconds=5.0).objects
        for side in (-1, 1):
            row = sorted(t.along for t in things if t.kind in ("conifer", "broadleaf") and np.sign(t.across) == side)
            assert len(row) > 10 and np.allclose(np.diff(row), 12.0)
        assert np.allclose(np.diff(sorted(t.along for t in things if t.kind == "pole")), 24.0)


def test_roadside_objects_appear_far_away_grow_and_pass():
    green = np.array([30, 90, 30], np.float32)
    tree = RoadsideObject("broadleaf", 200.0, 8.0, 8.0, green, green)
    empty = prepare_canvas(bare_scene(speed=10.0), 96, 160)
    canvas = prepare_canvas(dataclasses.replace(empty.scene, objects=(tree,)), 96, 160)
    sizes, columns = [], []
    for distance in (199.0, 68.0, 34.0, 17.0):
        seconds = (200.0 - distance) / 10.0
        seen = np.abs(draw_frame(canvas, seconds).astype(int) - draw_frame(empty, seconds)).max(-1) > 8
        sizes.append(int(seen.sum()))
        columns.append(np.nonzero(seen.any(0))[0].mean() if seen.any() else np.nan)
    assert sizes[0] == 0
    assert all(2.5 < near / far < 6 for far, near in pairwise(sizes[1:])), "half as far, four times as large"
    assert columns[1] < 90 and all(far < near for far, near in pairwise(columns[1:])), "away from the vanishing point"
    assert draw_frame(canvas, 20.5).tolist() == draw_frame(empty, 20.5).tolist(), "it is gone when passed"


def test_nothing_of_a_part_lies_beyond_where_it_is_painted(monkeypatch):
    canvases = [prepare_canvas(draw_scene(5, clip, duration_seconds=4.0), 64, 112) for clip in range(6)]
    assert {thing.kind for canvas in canvases for thing in canvas.scene.objects} == {*get_args(ObjectKind)}
    times = [0.1 * number for number in range(0, 40, 3)]
    frames = [draw_frame(canvas, time) for canvas in canvases for time in times]
    monkeypatch.setattr(roadside, "_EDGE_PX", 1000)  # every part is looked for all over its object
    assert (np.array(frames) == [draw_frame(canvas, time) for canvas in canvases for time in times]).all()


def test_nothing_in_a_frame_depends_on_what_was_drawn_before():
    canvas = prepare_canvas(draw_scene(1, 2, duration_seconds=4.0), 64, 64)
    alone = draw_frame(canvas, 2.0)
    for seconds in (0.0, 3.0):
        draw_frame(canvas, seconds)
    assert (draw_frame(canvas, 2.0) == alone).all()


def test_a_folder_with_files_is_not_overwritten(tmp_path):
    (tmp_path / "mine.mp4").write_text("precious")
    with pytest.raises(DataError, match="not an empty folder; remove it or give another --out"):
        render_driving_videos(tmp_path, num_videos=1, seconds=(0.2, 0.2))
    assert (tmp_path / "mine.mp4").read_text() == "precious"


def test_impossible_numbers_are_refused(tmp_path):
    for wrong in ({"num_videos": 0}, {"seconds": (5.0, 4.0)}, {"seconds": (0.0, 4.0)}):
        with pytest.raises(ConfigError, match="must be above 0, shortest first"):
            render_driving_videos(tmp_path / "x", **wrong)


def test_full_disk_leaves_nothing_under_the_final_name(tmp_path):
    with small_disk(tmp_path / "disk", "100k") as disk:
        with pytest.raises(MachineError, match="disk is full"):
            render_driving_videos(disk / "films", num_videos=5)
        assert list(disk.iterdir()) == []
