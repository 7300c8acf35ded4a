"""Curves: the same bytes each time, and refusals instead of empty axes."""

import io

import numpy as np
import pytest
from PIL import Image
from report_values import log_line, row, rows, used

from stylesv.errors import ConfigError, DataError
from stylesv.report.figures import COLOURS, draw_score_curves, draw_training_curves

LOG = [log_line(float(k), loss_g=1 + k / 10, ada_p=None if k < 5 else k / 10) for k in range(10)]


def colours_of(path):
    pixels = np.asarray(Image.open(path).convert("RGB")).reshape(-1, 3)
    return {f"#{r:02X}{g:02X}{b:02X}" for r, g, b in np.unique(pixels, axis=0)}


def test_score_curves_have_a_colour_for_each_run(tmp_path):
    draw_score_curves(rows(), png=tmp_path / "a.png", pdf=tmp_path / "a.pdf")
    found = colours_of(tmp_path / "a.png")
    assert {COLOURS[0], COLOURS[1]} <= found and COLOURS[2] not in found
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


def test_figures_are_the_same_bytes_each_time(tmp_path):
    for name in "ab":
        draw_score_curves(rows(), png=tmp_path / f"{name}.png", pdf=tmp_path / f"{name}.pdf")
        logs = {"run": LOG}
        draw_training_curves(logs, {"loss_g": "G"}, png=tmp_path / f"{name}2.png", pdf=tmp_path / f"{name}2.pdf")
    for kind in (".png", ".pdf", "2.png", "2.pdf"):
        content = (tmp_path / f"a{kind}").read_bytes()
        assert content == (tmp_path / f"b{kind}").read_bytes()
        assert b"CreationDate" not in content and b"atplotlib" not in content


def test_scores_without_interval_are_drawn(tmp_path):
    bare = [row(k, 10.0 + k, low=None, high=None) for k in (0, 10)]
    draw_score_curves(bare, png=tmp_path / "a.png", pdf=tmp_path / "a.pdf")
    assert COLOURS[0] in colours_of(tmp_path / "a.png")


def test_protocols_are_not_mixed(tmp_path):
    with pytest.raises(ConfigError, match="cannot be compared"):
        draw_score_curves([row(), row(protocol=used(key="89efcdab"))], png=tmp_path / "a.png", pdf=tmp_path / "a.pdf")
    assert list(tmp_path.iterdir()) == []


def test_folders_of_clips_have_no_curve(tmp_path):
    with pytest.raises(DataError, match="without scores"):
        draw_score_curves([row(kimg=None)], png=tmp_path / "a.png", pdf=tmp_path / "a.pdf")


def test_training_curves_leave_out_what_was_not_logged(tmp_path):
    fields = {"loss_g": "G", "ada_p": "ADA p", "loss_r1": "R1"}
    draw_training_curves({"run": LOG}, fields, png=tmp_path / "a.png", pdf=tmp_path / "a.pdf")
    draw_training_curves({"run": LOG}, {"loss_g": "G"}, png=tmp_path / "b.png", pdf=tmp_path / "b.pdf")
    heights = [Image.open(io.BytesIO((tmp_path / f"{n}.png").read_bytes())).height for n in "ab"]
    assert heights == pytest.approx([160 * (2.1 * 2 + 0.6), 160 * (2.1 + 0.6)], abs=1)
    with pytest.raises(DataError, match="no log line has any of loss_r1"):
        draw_training_curves({"run": LOG}, {"loss_r1": "R1"}, png=tmp_path / "a.png", pdf=tmp_path / "a.pdf")
