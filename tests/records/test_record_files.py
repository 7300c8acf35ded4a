"""Records are read as they were written; any other file is one clear error that says what to do."""

import json
import sys
from pathlib import Path

import pytest

from stylesv.config.figures import ClipSettings, StyleSettings
from stylesv.errors import CheckpointError, ConfigError, DataError
from stylesv.records.choice import Choice, read_choice, write_choice
from stylesv.records.experiment import Experiment, ReportedData, ReportedFigure, experiment_yaml, read_experiment
from stylesv.records.floor import Floor
from stylesv.records.look import Look, look_yaml, read_look
from stylesv.records.measured_floor import MeasuredFloor, read_measured_floor, write_measured_floor
from stylesv.records.named_protocol import named_protocol
from stylesv.records.protocol import protocol_yaml, read_protocol
from stylesv.records.score import read_run_scores, read_score, read_score_of, score_file, write_run_scores, write_score

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "report"))
from report_values import score

CLIPS = ClipSettings(
    **{"num_clips": 4, "columns": 2, "num_frames": 8, "strip_clips": 2, "strip_frames": 4},
    **{"long_clips": 2, "long_frames": 32, "decomposition": 2, "truncation": 1.0, "seed": 0},
)
CHOICE = Choice(
    run="sky-D-s0-00000000", kimg=4, networks="4/networks.safetensors", metric="FID", value=2.5, protocol="a-00000000",
    of_kimgs=(0, 4), moving_kimgs=(4,), reason="the lowest FID",
)  # fmt: skip
LOOK = Look(clips=CLIPS, fps=15.0, among="4")
EXPERIMENT = Experiment(
    **{"title": "Skies: é", "shown": "last", "runs": (), "tables": (), "style": StyleSettings(colours=("#0072B2",))},
    data=(ReportedData(name="sky-00", dataset="sky", clips=None, index="a/index.json"),),
    figures=(ReportedFigure(name="curves", png="a/curves.png", pdf="a/curves.pdf"),),
)
READERS = [
    (read_score, "score.json", "score of this project", DataError),
    (read_run_scores, "scores.json", "file of a run's scores", DataError),
    (read_choice, "choice.json", "choice of a snapshot", CheckpointError),
    (read_protocol, "protocol.yaml", "protocol", ConfigError),
    (read_look, "look.yaml", "look", ConfigError),
    (read_experiment, "experiment.yaml", "experiment", ConfigError),
]


def test_scores_and_choices_survive_their_files(tmp_path):
    write_score(tmp_path / "score.json", score())
    assert read_score(tmp_path / "score.json") == score()
    write_run_scores(tmp_path / "scores.json", [score(0), score(4)])
    assert read_run_scores(tmp_path / "scores.json") == (score(0), score(4))
    write_choice(tmp_path / "choice.json", CHOICE)
    assert read_choice(tmp_path / "choice.json") == CHOICE


def test_what_people_open_survives_yaml(tmp_path, root):
    protocol = named_protocol(root / "config", "rfvd_16f")
    for text, read, record in (
        (protocol_yaml(protocol), read_protocol, protocol),
        (look_yaml(LOOK), read_look, LOOK),
        (experiment_yaml(EXPERIMENT), read_experiment, EXPERIMENT),
    ):
        (tmp_path / "record.yaml").write_text(text, encoding="utf-8")
        assert read(tmp_path / "record.yaml") == record


def test_a_protocol_edited_by_hand_is_refused(tmp_path, root):
    text = protocol_yaml(named_protocol(root / "config", "rfvd_16f"))
    edited = text.replace("num_frames: 16", "num_frames: 8")
    without_hash = edited[: edited.rindex("# sha256")]  # as earlier versions wrote them
    for content, words in ((edited, "was changed since it was written"), (without_hash, "its settings have another")):
        (tmp_path / "protocol.yaml").write_text(content)
        with pytest.raises(ConfigError, match=rf"{words}.*; delete it to make it again"):
            read_protocol(tmp_path / "protocol.yaml")


@pytest.mark.parametrize(("read", "name", "what", "error"), READERS, ids=[reader[1] for reader in READERS])
def test_other_files_are_one_error(tmp_path, read, name, what, error):
    path = tmp_path / name
    with pytest.raises(error, match=f"no such (file|{what})"):
        read(path)
    for content in (b"", b"{}", b"[1]", b"not a record", b"\xff\xfe", b"{", b'{"value": NaN}', b'{"other": 1}'):
        path.write_bytes(content)
        with pytest.raises(error, match=f"{name}.*is not a {what} .*; ") as caught:
            read(path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"value": 50.0', '"value": NaN'),
        ('"value": 50.0', '"value": 1e999'),
        ('"value": 50.0', '"value": null'),
        ('"low": 45.0', '"low": -Infinity'),
        ('"key": "0123abcd"', '"key": "0123"'),
        ('"few_clips": false', '"few_clips": 0'),
        ('"notes": []', '"notes": [], "more": 1'),
    ],
)
def test_a_score_with_one_wrong_value_is_refused(tmp_path, old, new):
    text = json.dumps(json.loads(score().model_dump_json()))
    assert old in text
    (tmp_path / "score.json").write_text(text.replace(old, new, 1))
    with pytest.raises(DataError, match="is not a score of this project"):
        read_score(tmp_path / "score.json")


def test_an_edited_or_incomplete_score_is_refused(tmp_path):
    path = tmp_path / "score.json"
    write_score(path, score())
    text = path.read_text()
    for old, new in (('"value": 50.0', '"value": 49.0'), ('"count": 256', '"count": 2048'), ('"D"', '"E"')):
        assert old in text
        path.write_text(text.replace(old, new, 1))
        with pytest.raises(
            DataError, match=r"score.json: was changed since it was written: its hash is another; score the"
        ):
            read_score(path)
    path.write_text(text[: len(text) // 2])
    with pytest.raises(DataError, match=r"score.json: is not a score of this project \(Invalid JSON"):
        read_score(path)
    values = json.loads(text)
    del values["sha256"]
    path.write_text(json.dumps(values))
    with pytest.raises(DataError, match="has no hash"):
        read_score(path)


def test_a_score_in_the_place_of_another_is_refused(tmp_path):
    run = tmp_path / "sky-D-s0-7be01d44"
    for kimg in (0, 20):
        write_score(score_file(run, kimg, "rfvd_16f-0123abcd"), score(20))
    assert read_score_of(run, 20, "rfvd_16f-0123abcd") == score(20)
    with pytest.raises(DataError, match=r"is the score of .*44, kimg 20, protocol rfvd_16f-0123abcd, not of .* kimg 0"):
        read_score_of(run, 0, "rfvd_16f-0123abcd")


def test_scores_of_several_runs_or_of_one_snapshot_twice_are_not_scores_of_a_run(tmp_path):
    write_run_scores(tmp_path / "scores.json", [score(0), score(0, run="sky-E-s0-6ac1")])
    with pytest.raises(DataError, match="has scores of sky-D-s0-7be01d44, sky-E-s0-6ac1; delete it"):
        read_run_scores(tmp_path / "scores.json")
    write_run_scores(tmp_path / "scores.json", [score(0), score(0, 49.0)])
    with pytest.raises(DataError, match="two scores of one snapshot"):
        read_run_scores(tmp_path / "scores.json")


def test_the_floor_of_others_is_refused(tmp_path):
    made = score()
    values = {"value": 9.0, "low": 8.0, "high": 10.0, "error": 0.1, "level": 0.95, "draws": 20, "method": "gaussian"}
    floor = Floor(**values, halves_distance=None, correction=None, real_clips=200, generated_clips=256)
    path = tmp_path / "floor.json"
    write_measured_floor(path, MeasuredFloor(floor=floor, protocol=made.protocol, real=made.real))
    read = read_measured_floor(path)
    assert read.floor == floor and read.require(path, made.protocol, made.real) is None
    for others in (
        {"protocol": made.protocol.model_copy(update={"detector_sha256": "c" * 64}), "real": made.real},
        {"protocol": made.protocol, "real": made.real.model_copy(update={"selection_sha256": "c" * 64})},
    ):
        with pytest.raises(DataError, match="is the floor of other clips or of another protocol; delete it"):
            read.require(path, **others)
    path.write_text(path.read_text().replace("9.0", "1.0"))
    with pytest.raises(DataError, match="was changed since it was written"):
        read_measured_floor(path)
