"""Records are read as they were written; any other file is one clear error that says what to do."""

import json
import sys
from pathlib import Path

import pytest

from stylesv.config.settings import FigureSettings
from stylesv.errors import CheckpointError, ConfigError, DataError
from stylesv.records.choice import Choice, read_choice, write_choice
from stylesv.records.experiment import Experiment, ReportedData, experiment_yaml, read_experiment
from stylesv.records.look import Look, look_yaml, read_look
from stylesv.records.named_protocol import named_protocol
from stylesv.records.protocol import protocol_yaml, read_protocol
from stylesv.records.score import read_run_scores, read_score, write_run_scores, write_score

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "report"))
from report_values import score

FIGURES = FigureSettings(
    snapshot="last", num_clips=4, columns=2, num_frames=8, strip_clips=2, strip_frames=4, truncation=1.0, seed=0
)
CHOICE = Choice(
    run="sky-D-s0-00000000", kimg=4, networks="4/networks.safetensors", metric="FID", value=2.5, protocol="a-00000000",
    of_kimgs=(0, 4), moving_kimgs=(4,), reason="the lowest FID",
)  # fmt: skip
LOOK = Look(figures=FIGURES, fps=15.0, among="4")
EXPERIMENT = Experiment(title="Skies: é", shown="last", runs=(), data=(ReportedData(name="sky", index="a/index.json"),))
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
    (tmp_path / "protocol.yaml").write_text(text.replace("num_frames: 16", "num_frames: 8"))
    with pytest.raises(ConfigError, match=r"its settings have another; delete it to make it again"):
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
