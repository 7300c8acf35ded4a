"""What `stylesv.metrics` writes, `stylesv.report` reads: the two meet at the file, not in code."""

import numpy as np
import pytest
from report_values import used

from stylesv.metrics.clip_selection import select_real_clips
from stylesv.metrics.features import FeatureOrigin, FeatureSet, describe_generated_clips, describe_real_clips
from stylesv.metrics.moments import Moments
from stylesv.metrics.score import score_features
from stylesv.records.score import ScoredRun, read_run_scores, read_score, write_run_scores, write_score
from stylesv.report.score_row import score_row


def test_a_written_score_makes_a_row(tmp_path):
    protocol = used(generated={"num_clips": 10}, bootstrap={"resamples": 10})
    selection = select_real_clips([40, 40, 5], protocol.settings)
    real = describe_real_clips(selection, films=range(99), dataset="sky-0000", protocol=protocol, resolution_px=32)
    made = describe_generated_clips(source="sky-D at 20 kimg", protocol=protocol, resolution_px=32)
    random = np.random.default_rng(0)
    sets = []
    for record in (real, made):
        features = random.standard_normal((record.count, 4)).astype(np.float32)
        origin = FeatureOrigin(protocol=protocol, clips=record)
        sets.append(FeatureSet(features, Moments.from_features(features), origin))
    scored = ScoredRun(run="sky-D-s0-7be01d44", dataset="sky", model="D", seed=0, kimg=20)
    score = score_features(*sets, scored=scored)
    write_score(tmp_path / "score.json", score)
    write_run_scores(tmp_path / "scores.json", [read_score(tmp_path / "score.json")])
    (read,) = read_run_scores(tmp_path / "scores.json")
    row = score_row(read)
    wanted = (score.value, score.interval.low, score.interval.high)
    assert (row.value, row.low, row.high) == pytest.approx(wanted, rel=1e-9)
    assert (row.run, row.kimg, row.num_real, row.num_generated) == (scored.run, 20, 24, 10)
    assert row.protocol == protocol
