"""Figures of an experiment: each by its name, the same bytes each time, from small files alone."""

import numpy as np
import pytest
from experiment_files import IMPORTED, LOG, SCRATCH, TRAINED, ExperimentFiles
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.lines import Line2D
from motion_values import motion
from PIL import Image
from report_values import log_line, used
from shown_clips_values import shown_clips

from stylesv.config.figures import DRAWN_FROM
from stylesv.errors import CheckpointError, ConfigError, DataError, StyleSVError
from stylesv.records.log_line import log_text
from stylesv.records.shown_clips import read_shown_clips, write_shown_clips
from stylesv.report.figures.drawing import DRAWN, TITLES, draw_figure
from stylesv.report.figures.drift import relative_drift
from stylesv.report.figures.jitter import changes_around_codes
from stylesv.report.figures.sources import Sources
from stylesv.report.figures.strips import stamps
from stylesv.report.figures.style import add_common_legend, styled, tiled


def colours_of(path):
    pixels = np.asarray(Image.open(path).convert("RGB")).reshape(-1, 3)
    return {f"#{r:02X}{g:02X}{b:02X}" for r, g, b in np.unique(pixels, axis=0)}


@pytest.fixture
def experiment(tmp_path):
    files = ExperimentFiles(tmp_path, tmp_path / "index.json")
    moving = {"motion": motion(0.9).model_dump(mode="json")}
    files.add_run("sky-A-s0-00", {0: 90.0, 4: 60.0}, SCRATCH, model="A", logs=[LOG], beside=moving)
    files.add_run("sky-D-s0-00", {0: 90.0, 4: 42.0}, TRAINED, logs=[LOG], beside=moving)
    return files


def test_every_figure_has_a_drawing_a_title_and_a_caption(root):
    assert list(DRAWN) == list(TITLES) == list(DRAWN_FROM)
    captions = {path.stem: path.read_text() for path in (root / "rules" / "captions").glob("*.rst")}
    assert {*DRAWN_FROM, "figure", "table"} >= captions.keys() >= {*DRAWN_FROM}
    assert all(len(captions[name].split()) > 8 for name in DRAWN_FROM)


@pytest.mark.long
def test_every_figure_is_drawn_the_same_each_time(experiment):
    first = {path.name: path.read_bytes() for path in experiment.draw().iterdir()}
    assert len(first) == 2 * len(DRAWN_FROM)
    for name in ("curves", "slices", "drift"):
        folder = experiment.draw(name)
        for kind in ("png", "pdf"):
            content = (folder / f"{name}.{kind}").read_bytes()
            assert content == first[f"{name}.{kind}"]
            assert b"CreationDate" not in content and b"atplotlib" not in content
    assert all(content.startswith(b"%PDF") for name, content in first.items() if name.endswith("pdf"))


def test_models_have_the_colours_of_the_settings(experiment):
    experiment.colours = ("#123456", "#00AA00")
    found = colours_of(experiment.draw("curves") / "curves.png")
    assert {"#123456", "#00AA00"} <= found and "#0072B2" not in found


def test_seeds_give_one_line_with_their_mean(experiment):
    experiment.add_run("sky-D-s1-00", {0: 70.0, 4: 50.0}, TRAINED, seed=1, logs=[LOG])
    experiment.figures = ("curves",)
    axes = DRAWN["curves"](Sources.of(experiment.record())).axes[0]
    lines = {line.get_label(): list(line.get_ydata()) for line in axes.lines}
    assert lines["D (2 seeds)"] == [80.0, 46.0] and lines["A"] == [90.0, 60.0]
    band = axes.collections[1].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == (42.0, 90.0)


def test_bars_are_the_best_scores_over_seeds(experiment):
    experiment.add_run("sky-D-s1-00", {0: 70.0, 4: 50.0}, TRAINED, seed=1, logs=[LOG])
    axes = DRAWN["ablation"](Sources.of(experiment.record())).axes[0]
    assert [bar.get_width() for bar in axes.patches[:2]] == [60.0, 46.0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["A", "D"]


def test_a_bar_below_nothing_is_seen(experiment):
    experiment.add_run("sky-E-s0-00", {0: 9.0, 4: -30.0}, TRAINED, model="E", logs=[LOG], interval=None)
    axes = DRAWN["ablation"](Sources.of(experiment.record())).axes[0]
    assert axes.get_xlim()[0] < -30


def test_protocols_are_not_mixed(experiment):
    experiment.add_run("sky-E-s0-00", {0: 1.0}, TRAINED, model="E", protocol=used(key="89efcdab"))
    with pytest.raises(ConfigError, match="cannot be compared"):
        experiment.draw("curves")


def test_what_was_not_logged_has_no_panel(experiment):
    figure = DRAWN["training"](Sources.of(experiment.record()))
    assert [axes.get_ylabel() for axes in figure.axes] == [
        "generator loss",
        "discriminator loss",
        "augmentation\nprobability",
    ]


def test_a_damaged_log_is_named(tmp_path):
    files = ExperimentFiles(tmp_path, tmp_path / "index.json")
    files.add_run("sky-D-s0-00", {0: 90.0, 4: 42.0}, TRAINED, logs=[LOG[:20]])
    with pytest.raises(DataError, match=r"log\.jsonl: is not a training log"):
        files.draw("training")


def test_models_of_single_frames_say_that_nothing_moves(tmp_path):
    files = ExperimentFiles(tmp_path, tmp_path / "index.json")
    files.add_run("sky-image-s0-00", {0: 9.0}, IMPORTED, model="image", shown={"frames": 1, "long_frames": 1})
    files.figures = tuple(DRAWN_FROM)
    sources = Sources.of(files.record())
    for name in ("strips", "slices", "sticking", "jitter", "decomposition", "long_video", "drift"):
        assert DRAWN[name](sources).texts[0].get_text().startswith("Every model makes single frames"), name
    assert len(DRAWN["spectra"](sources).axes) == 2


def test_an_unknown_figure_is_one_line(experiment):
    with pytest.raises(ConfigError, match="--figure pie: no such figure; known: curves, "):
        draw_figure("pie", experiment.record(), png=experiment.folder / "a.png", pdf=experiment.folder / "a.pdf")


def test_shown_clips_survive_their_file_and_others_are_refused(tmp_path):
    path = tmp_path / "shown.safetensors"
    write_shown_clips(path, shown_clips())
    first = path.read_bytes()
    found = read_shown_clips(path)
    assert found.about == shown_clips().about and np.array_equal(found.slices, shown_clips().slices)
    write_shown_clips(path, found)
    assert path.read_bytes() == first
    place = len(first) - 40
    for content in (b"", b"not a file", first[:-40], first[:place] + bytes([first[place] ^ 1]) + first[place + 1 :]):
        path.write_bytes(content)
        with pytest.raises(StyleSVError, match=r"shown\.safetensors: (damaged|not a whole|its content)"):
            read_shown_clips(path)
    with pytest.raises(CheckpointError, match="no such file"):
        read_shown_clips(tmp_path / "none.safetensors")


def test_jitter_is_the_change_at_motion_codes_over_the_mean():
    clips = shown_clips(long_frames=49, motion_distance=16)
    clips.differences[:] = 1.0
    clips.differences[:, [15, 31]] = 4.0  # from the frame before a code to the code
    offsets, change = changes_around_codes(clips)
    mean = (46 + 2 * 4) / 48
    assert list(offsets) == list(range(-8, 8))
    assert change[7] == pytest.approx(4 / mean) and np.delete(change, 7) == pytest.approx(np.full(15, 1 / mean))
    assert len(changes_around_codes(shown_clips(long_frames=12, motion_distance=16))[0]) == 0


def test_a_still_clip_takes_no_line_along_and_is_said_not_to_count(tmp_path, recwarn):
    files = ExperimentFiles(tmp_path, tmp_path / "index.json")
    files.add_run("sky-A-s0-00", {4: 42.0}, IMPORTED, model="A")
    files.add_run("sky-D-s0-00", {4: 42.0}, IMPORTED)
    record = files.record()
    for path, still in ((tmp_path / "sky-D-s0-00", [0]), (tmp_path / "sky-00", [0, 1])):
        clips = read_shown_clips(path / "shown.safetensors")
        clips.differences[still], clips.drift[still, 2], clips.sticking[still] = 0.0, 0.0, np.nan
        write_shown_clips(path / "shown.safetensors", clips)
        if still == [0]:
            around, moving = changes_around_codes(clips)[1], clips.differences[1]
            assert around[8] == pytest.approx((moving[16] / moving.mean()), rel=1e-6)
    axes = DRAWN["jitter"](Sources.of(record)).axes[0]
    lines = {line.get_label(): line.get_ydata() for line in axes.lines}
    assert np.isfinite(lines["D, a code every 16 frames"]).all() and "A, a code every 16 frames" in lines
    assert [text.get_text() for text in axes.texts] == ["real: 0 of 2 clips move; D: 1 of 2 clips move"]
    assert "real clips, nine in ten changes" in axes.get_legend_handles_labels()[1]
    drift = DRAWN["drift"](Sources.of(record)).axes
    assert np.isfinite(drift[2].lines[2].get_ydata()).all() and drift[2].lines[2].get_label() == "D"
    assert [[text.get_text() for text in axes.texts] for axes in drift] == [
        [],
        [],
        ["real: 0 of 2 clips; D: 1 of 2 clips"],
        [],
    ]
    said = [text.get_text() for axes in DRAWN["sticking"](Sources.of(record)).axes for text in axes.texts]
    assert "1 of 2 clips" in said and "0 of 2 clips" in said
    assert [str(warning.message) for warning in recwarn] == []


def test_every_row_of_slices_has_its_own_time(tmp_path):
    files = ExperimentFiles(tmp_path, tmp_path / "index.json")
    files.add_run("sky-D-s0-00", {4: 42.0}, IMPORTED, shown={"frames": 25})
    axes = DRAWN["slices"](Sources.of(files.record())).axes
    assert [each.get_xlabel() for each in axes] == ["1.2 s a slice", "2.5 s a slice"]


def test_drift_is_over_the_first_frames():
    drift = np.full((1, 3, 20), 8.0, np.float32)
    drift[0, 0, 10:] = 4.0
    drift[0, 2] = 0.0
    found = relative_drift(drift)
    assert found[0, 0, 0] == 1 and found[0, 0, 15] == 0.5 and np.isnan(found[0, 2]).all()


def test_times_are_seconds():
    assert stamps(np.array([0, 5, 12]), 10.0) == ["0.0 s", "0.5 s", "1.2 s"]
    assert stamps(np.array([0, 1023]), 25.0) == ["0 s", "41 s"]


def test_small_frames_are_enlarged_by_a_whole_factor_and_keep_their_pixels():
    frames = np.random.default_rng(0).integers(0, 255, (2, 3, 16, 16, 3), np.uint8)
    picture = tiled(frames, min_px=40)
    assert picture.shape == (2 * 48 + 3, 3 * 48 + 2 * 3, 3)
    assert np.array_equal(picture[51 : 51 + 48 : 3, 51 : 51 + 48 : 3], frames[1, 1])


def test_log_lines_of_every_run_are_drawn(experiment):
    longer = log_text([log_line(float(k), loss_generator=1 + k / 10) for k in range(1, 5)])
    experiment.add_run("sky-E-s0-00", {0: 90.0, 4: 42.0}, TRAINED, model="E", logs=[longer])
    axes = DRAWN["training"](Sources.of(experiment.record())).axes[0]
    assert {line.get_label(): len(line.get_xdata()) for line in axes.lines} == {"A": 1, "D": 1, "E": 4}
    marked = {line.get_label() for line in axes.lines if line.get_marker() != "None"}
    assert marked == {"A", "D"}  # of one place no line is seen


def test_many_runs_have_a_legend_of_their_models_and_a_column_for_each_data_set(tmp_path):
    files = ExperimentFiles(tmp_path, tmp_path / "index.json")
    for dataset in ("sky", "taichi"):
        for model in "ABCDE":
            for seed in (0, 1):
                files.add_run(
                    f"{dataset}-{model}-s{seed}", {0: 9.0, 4: 4.0}, SCRATCH, model=model, seed=seed, logs=[LOG]
                )
                files.runs[-1] = files.runs[-1].model_copy(update={"dataset": dataset})
    figure = DRAWN["training"](Sources.of(files.record()))
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == list("ABCDE")
    shown = {
        text.get_text(): line.get_color() for text, line in zip(legend.get_texts(), legend.get_lines(), strict=True)
    }
    assert [axes.get_title() for axes in figure.axes[:2]] == ["sky", "taichi"] and len(figure.axes) == 6
    for axes in figure.axes:
        assert len(axes.lines) == 10 and all(line.get_color() == shown[line.get_label()] for line in axes.lines)


NAMES = ("A", "B", "image", "C", "D", "E", "E-lowrank")
DATASETS = ("sky", "taichi", "youtube")


def many(tmp_path, datasets=DATASETS, without=()):
    """Seven models on each data set, all with the same files; `without` are (data set, model) pairs that are left out."""
    files = ExperimentFiles(tmp_path, tmp_path / "index.json")
    values = dict.fromkeys(range(0, 12, 2), 9.0)
    files.add_run("sky-D-s0-00", values, IMPORTED, shown={"clips": 4}, logs=[LOG] * 5)
    sources, (run,) = Sources.of(files.record()), files.runs
    pairs = [(dataset, model) for dataset in datasets for model in NAMES if (dataset, model) not in without]
    runs = [run.model_copy(update={"dataset": d, "model": m, "name": f"{d}-{m}-s0-00"}) for d, m in pairs]
    data = [sources.experiment.data[0].model_copy(update={"dataset": name}) for name in datasets]
    return Sources(sources.experiment.model_copy(update={"runs": tuple(runs), "data": tuple(data)}), sources.root)


def is_inside(figure, artists):
    """Whether all of them are inside the figure, once it is drawn."""
    FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    boxes = [artist.get_window_extent() for artist in artists]
    return all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1 for box in boxes)


@pytest.mark.slow
def test_many_models_and_data_sets_make_no_figure_too_high_and_cut_no_name(tmp_path):
    sources = many(tmp_path)
    for name in ("strips", "slices", "sticking", "decomposition", "samples"):
        figure = DRAWN[name](sources)
        assert figure.get_figheight() <= 14, name
        panels = figure.axes
        columns = panels[0].get_subplotspec().get_gridspec().ncols
        assert columns == (6 if name == "sticking" else 3)
        assert len(panels) == columns * (7 if name in ("decomposition", "samples") else 8)
        assert [axes.get_title().split()[0] for axes in panels[: columns : columns // 3]] == list(DATASETS)
        labels = [label for axes in panels for label in axes.get_yticklabels() if label.get_text()]
        if name in ("strips", "samples"):
            assert is_inside(figure, [*labels, *(axes.title for axes in panels)]), name
        if name in ("strips", "slices", "sticking"):
            assert [label.get_text() for label in labels] == ["real", *NAMES]
    one = DRAWN["strips"](many(tmp_path, ("sky",)))
    assert one.get_figheight() <= 14 and len(one.axes) == 8 and one.axes[0].get_title() == ""


def test_a_model_that_a_data_set_lacks_leaves_its_place_empty(tmp_path):
    sources = many(tmp_path, ("sky", "taichi"), without={("sky", "E-lowrank"), ("taichi", "B")})
    panels = np.array(DRAWN["strips"](sources).axes).reshape(8, 2)
    assert [label.get_text() for axes in panels[:, 0] for label in axes.get_yticklabels()] == ["real", *NAMES]
    empty = [axes.images[0].get_array().shape == (1, 1, 3) for axes in panels.ravel()]
    assert [(int(place) // 2, int(place) % 2) for place in np.flatnonzero(empty)] == [(2, 1), (7, 0)]


def test_common_legends_fit_their_figure_and_are_the_same_for_all_data_sets(tmp_path):
    sources = many(tmp_path, ("sky", "taichi"))
    for name in ("jitter", "drift", "spectra", "training"):
        figure = DRAWN[name](sources)
        (legend,) = figure.legends
        assert is_inside(figure, legend.get_texts()), name
        texts = [text.get_text() for text in legend.get_texts()]
        assert len(texts) == len(set(texts)) == (7 if name == "training" else 8)


def test_a_common_legend_wraps_long_names_and_hides_no_difference():
    with styled(4.0, 3.0) as figure:
        figure.subplots()
        lines = [Line2D([], [], color=colour) for colour in ("red", "blue", "red")]
        names = ["D", "D", "D", "a model of a name that is much longer than the figure is wide, and then some more"]
        add_common_legend(figure, zip([*lines, lines[0]], names, strict=True))
    (legend,) = figure.legends
    assert [line.get_color() for line in legend.get_lines()] == ["red", "blue", "red"]
    assert is_inside(figure, legend.get_texts())


def test_protocols_of_one_snapshot_are_left_out_of_curves_unless_there_is_no_other(tmp_path):
    files = ExperimentFiles(tmp_path, tmp_path / "index.json")
    files.add_run("sky-E-s0-00", {4: 7.0}, IMPORTED, model="E", protocol=used("evd_16f_long"))
    assert [axes.lines[0].get_ydata() for axes in DRAWN["curves"](Sources.of(files.record())).axes] == [[7.0]]
    files.add_run("sky-D-s0-00", {0: 9.0, 4: 8.0}, IMPORTED, logs=[LOG])
    (axes,) = DRAWN["curves"](Sources.of(files.record())).axes
    assert axes.get_ylabel().startswith("rFVD16") and list(axes.lines[0].get_ydata()) == [9.0, 8.0]


def test_jitter_leaves_out_clips_that_stand_still_beside_real_ones(tmp_path):
    files = ExperimentFiles(tmp_path, tmp_path / "index.json")
    files.add_run("sky-D-s0-00", {4: 42.0}, IMPORTED)
    record = files.record()
    for run, changes in (("sky-00", (20.0, 20.0)), ("sky-D-s0-00", (1.9, 2.1))):  # the limit is a tenth of 20
        clips = read_shown_clips(tmp_path / run / "shown.safetensors")
        clips.differences[:] = np.array(changes)[:, None]
        write_shown_clips(tmp_path / run / "shown.safetensors", clips)
    (axes,) = DRAWN["jitter"](Sources.of(record)).axes
    assert [text.get_text() for text in axes.texts] == ["D: 1 of 2 clips move"]
    quiet = shown_clips()
    quiet.differences[:] = np.array([0.09, 0.11], np.float32)[
        :, None
    ]  # whatever real clips do, a tenth of a grey level
    assert np.isfinite(changes_around_codes(quiet)[1]).all()
    quiet.differences[1] = 0.09
    assert np.isnan(changes_around_codes(quiet)[1]).all()
