"""What the page shows, without the page: films as generate.py makes them, one worker, bounded memory."""

import shlex
import threading

import numpy as np
import pytest
from imageio.v3 import imread
from script_here import run_here
from small_snapshot import SIZE, write_snapshot

from stylesv.errors import ConfigError
from stylesv.explore.command import command_of
from stylesv.explore.film import Film, Films
from stylesv.explore.snapshots import snapshots_beside
from stylesv.explore.studio import Studio
from stylesv.explore.view import MOST_PIXELS, Source, View
from stylesv.explore.worker import Worker
from stylesv.generation.classes import draw_class


@pytest.fixture(scope="module")
def networks(tmp_path_factory, root):
    return write_snapshot(tmp_path_factory.mktemp("snapshot") / "networks.safetensors", root)


@pytest.fixture(scope="module")
def studio():
    return Studio()


def film_of(studio, view) -> Film:
    found = []
    studio.make(view, lambda: False, lambda film, piece: found.append(film))
    return found[-1]


def frames_of(studio, view):
    return np.stack(list(film_of(studio, view).frames()))


def off_by(one, other):
    """The largest difference of two films' pixels; a frame that is made in another batch may round otherwise."""
    assert one.shape == other.shape
    return int(np.abs(one.astype(int) - other.astype(int)).max())


VIEWS = {
    "one": {"content": Source(3), "motion": Source(3)},
    "another clip of the seed": {"content": Source(3, 2), "motion": Source(3, 2)},
    "content and motion apart": {"content": Source(3, 50), "motion": Source(5, 60)},
    "grid": {"kind": "seeds", "content": Source(3), "columns": 3, "rows": 2},
    "decomposition": {"kind": "decomposition", "content": Source(3), "motion": Source(4), "columns": 2, "rows": 2},
    "between": {"kind": "between", "content": Source(3), "motion": Source(7), "second_seed": 9, "every": 4},
    "slow, late, truncated": {"content": Source(3), "motion": Source(3), "speed": 0.25, "start": 9, "truncation": 0.5},
    "a leap": {"content": Source(1), "motion": Source(1), "speed": 3.0, "start": 1_000_000, "still": False},
    "content alone changes": {"kind": "between", "content": Source(3), "motion": Source(3), "still": True},
}


OF_CLASSES = {
    "one of a drawn class": {"content": Source(2), "motion": Source(2)},
    "content and motion apart, of the content's class": {"content": Source(2, 4), "motion": Source(2, 1)},
    "grid of drawn classes": {"kind": "seeds", "columns": 3, "rows": 1},
    "decomposition of one class": {
        "kind": "decomposition",
        "content": Source(5),
        "motion": Source(5),
        "columns": 2,
        "rows": 2,
    },
    "a class": {"class_number": 1},
}


@pytest.fixture(scope="module")
def of_classes(tmp_path_factory, root):
    return write_snapshot(tmp_path_factory.mktemp("classes") / "networks.safetensors", root, class_dim=3)


@pytest.mark.parametrize("name", [*VIEWS, *OF_CLASSES])
def test_the_command_that_is_shown_makes_what_is_shown(studio, networks, of_classes, root, tmp_path, name):
    view = View(of_classes if name in OF_CLASSES else networks, num_frames=6, **(VIEWS | OF_CLASSES)[name])
    shown = frames_of(studio, view)
    assert len(shown) == 6 and len(shown[0]) == len(view.clips())
    command, notes = command_of(view)
    program, script, *options = shlex.split(command)
    assert (program, script) == ("python", "workflow_scripts/generate.py")
    done = run_here(root / script, *options, "--save", "png", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    videos = sorted((tmp_path / "explored").glob("[!.]*"))
    assert notes == [] and len(videos) == len(view.clips()), "nothing is made that is not shown"
    made = [np.stack([imread(frame) for frame in sorted(video.glob("*.png"))]) for video in videos]
    assert off_by(shown, np.stack(made, axis=1).transpose(0, 1, 4, 2, 3)) <= 1
    assert len(np.unique(shown)) > 20, "a blank picture is like any other"


def test_a_clip_of_a_decomposition_alone_is_the_one_of_the_grid_of_its_class(studio, of_classes):
    ui = pytest.importorskip("nicegui", reason="the extra of the page is not installed").ui
    from stylesv.explore.controls import Controls

    seed = next(n for n in range(100) if len({draw_class(studio.load(of_classes)[0], n, k) for k in (0, 1)}) == 2)
    source = {"content": Source(seed), "motion": Source(seed), "columns": 2, "rows": 2, "num_frames": 2}
    grid = film_of(studio, View(of_classes, kind="decomposition", **source))
    controls = Controls(grid.view, 3, lambda: None, lambda what: None)
    with ui.element("div"):
        controls.build()
        controls.pick(1, 1, grid.view, grid.class_number)
    assert (controls.view.kind, controls.view.clips()) == ("one", [(Source(seed, 1), Source(seed, 1))])
    assert controls.view.class_number == draw_class(studio.load(of_classes)[0], seed, 0)
    alone = frames_of(studio, controls.view)
    assert off_by(alone[:, 0], np.stack(list(grid.frames()))[:, 3]) <= 1


def test_the_first_frame_is_that_of_generate_to_the_bit_and_is_made_first(studio, networks, root, tmp_path):
    view = View(networks, content=Source(11), motion=Source(11), num_frames=5)
    pieces = []
    studio.make(view, lambda: False, lambda film, piece: pieces.append(piece))
    assert (pieces[0], pieces[1].first, pieces[1].count) == (None, 0, 1), "to be seen at once"
    assert [piece.first for piece in pieces[1:]] == sorted({piece.first for piece in pieces[1:]})
    options = ["--seed", 11, "--num-videos", 1, "--frames", 1, "--save", "png", "--out", tmp_path / "films"]
    assert run_here(root / "workflow_scripts" / "generate.py", "--networks", networks, *options).returncode == 0
    film = film_of(studio, view)
    film.save_frame(tmp_path / "frame.png", 0)
    (made,) = (tmp_path / "films" / "000000").glob("*.png")
    assert np.array_equal(imread(tmp_path / "frame.png"), imread(made))


def test_time_backwards_is_the_film_from_its_end_and_no_time_is_one_frame(studio, networks):
    view = View(networks, num_frames=5, start=2, speed=0.5)
    forwards, backwards = frames_of(studio, view), frames_of(studio, View(networks, num_frames=5, start=2, speed=-0.5))
    assert view.times().tolist() == [2, 2.5, 3, 3.5, 4]
    assert off_by(forwards, backwards[::-1]) <= 1 and off_by(forwards, backwards) > 1
    assert len(frames_of(studio, View(networks, num_frames=5, start=2, speed=0))) == 1
    assert command_of(View(networks, speed=-1))[1] == ["its time runs forwards"]


def test_what_is_asked_for_again_is_not_made_again_and_what_was_begun_is_gone_on_with(studio, networks):
    view = View(networks, content=Source(21), num_frames=40)
    calls = iter([False, False, True])
    begun = []
    studio.make(view, lambda: next(calls), lambda film, piece: begun.append(film))
    assert 0 < begun[-1].num_made < 40
    film = film_of(studio, view)
    assert film is begun[-1] and film.is_whole and film_of(studio, view) is film


def test_values_that_cannot_be_are_one_line_and_too_many_frames_are_fewer(studio, networks):
    for changes, words in (
        ({"start": -1}, "start -1: from 0 to 1e"),
        ({"columns": 99}, "columns 99: from 1 to 8"),
        ({"truncation": 9.0}, "truncation 9.0: a number from 0 to 4"),
        ({"speed": float("nan")}, "speed nan"),
        ({"content": Source(-4)}, "seed -4: from 0"),
        ({"num_frames": 0}, "frames 0: from 1 to 512"),
    ):
        with pytest.raises(ConfigError, match=words):
            studio.make(View(networks, **changes), lambda: False, lambda film, piece: None)
    large = View(networks, kind="seeds", columns=8, rows=8, num_frames=512).fitted(256)
    assert large.num_frames == MOST_PIXELS // (64 * 256 * 256) == 8
    assert View(networks, class_number=2).checked(0).class_number is None


def test_films_that_are_kept_do_not_grow_without_end(studio, networks):
    films = Films(most_bytes=20_000)
    made = [film_of(studio, View(networks, content=Source(seed), num_frames=4)) for seed in range(30, 40)]
    for film in made:
        films.keep(film)
    kept = [film for film in made if films.of(film.view) is film]
    assert 1 <= len(kept) < 10 and made[-1] in kept and sum(film.num_bytes for film in kept) <= 20_000
    number, view = made[0].number, made[0].view
    assert films.of(view) is None and films.by_number(number) is made[0], "a page still shows it"
    assert all(film.num_bytes > SIZE * SIZE for film in made)


def test_the_newest_wish_of_each_visitor_is_done_and_older_ones_are_not():
    worker, begun, go, done = Worker(), threading.Event(), threading.Event(), []

    def long(cancelled):
        begun.set()
        go.wait(10)
        done.append(("first", cancelled()))

    try:
        worker.ask("a", long)
        assert begun.wait(10)
        for number in range(5):
            worker.ask("a", lambda cancelled, number=number: done.append((number, cancelled())))
        worker.ask("b", lambda cancelled: 1 / 0)  # ends no worker; it is printed
        last = threading.Event()
        worker.ask("c", lambda cancelled: last.set())
        go.set()
        assert last.wait(10)
        assert done == [("first", True), (4, False)]
    finally:
        worker.close()
    assert not worker._thread.is_alive()


def test_the_chooser_offers_the_snapshots_of_the_run(tmp_path, networks):
    for kimg in ("0", "12", "4"):
        (tmp_path / "run" / kimg).mkdir(parents=True)
        (tmp_path / "run" / kimg / "networks.safetensors").touch()
    (tmp_path / "run" / "best").mkdir()
    given = tmp_path / "run" / "4" / "networks.safetensors"
    found = snapshots_beside(given)
    assert list(found) == [0, 4, 12] and found[4] == given
    assert snapshots_beside(networks) == {-1: networks}
