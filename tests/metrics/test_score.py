"""Scores: the distance, with everything that decides it, and no comparison across protocols."""

import json

import numpy as np
import pytest
from protocol_values import used

from stylesv.errors import ConfigError, DataError
from stylesv.metrics.clip_selection import select_real_clips
from stylesv.metrics.features import FeatureOrigin, FeatureSet, describe_generated_clips, describe_real_clips
from stylesv.metrics.frechet import frechet_distance_of_features
from stylesv.metrics.moments import Moments
from stylesv.metrics.score import (
    ScoredRun,
    compare_protocols,
    read_score,
    score_features,
    write_score,
)


def feature_sets(count=30, length=4, *, real_changes=None, **changes):
    """Real and generated features of a protocol whose settings are changed."""
    common = {"generated": {"num_clips": count}, "bootstrap": {"resamples": 20}, "real": {"max_clips_per_video": 2}}
    protocol = used(**common, **changes)
    real_protocol = used(**common, **(real_changes or changes))
    selection = select_real_clips([60] * (count // 2), real_protocol.settings)
    random = np.random.default_rng(0)
    sets = []
    for offset, used_protocol, clips in (
        (0, real_protocol, describe_real_clips(selection, dataset="sky", protocol=real_protocol)),
        (1, protocol, describe_generated_clips(source="run at 20 kimg", protocol=protocol)),
    ):
        features = (random.standard_normal((count, length)) + offset).astype(np.float32)
        sets.append(
            FeatureSet(features, Moments.from_features(features), FeatureOrigin(protocol=used_protocol, clips=clips))
        )
    return sets


def scored(kimg=20):
    return ScoredRun(run="sky-D-s0-7be01d44", dataset="sky", model="D", seed=0, kimg=kimg)


def test_the_value_is_the_distance_under_the_protocols_covariance():
    for covariance in ("population", "sample"):
        real, generated = feature_sets(covariance=covariance)
        score = score_features(real, generated, scored=scored())
        expected = frechet_distance_of_features(real.features, generated.features, covariance=covariance)
        assert score.value == pytest.approx(expected, rel=1e-12)
        assert score.interval.low < score.value < score.interval.high
        assert (score.interval.level, score.interval.resamples) == (0.95, 20)


def test_few_clips_are_marked():
    assert not score_features(*feature_sets(30, 4), scored=scored()).few_clips
    real, generated = feature_sets(8, 20)
    score = score_features(real, generated, scored=scored())
    assert score.few_clips
    expected = frechet_distance_of_features(real.features, generated.features, covariance="population")
    assert score.value == pytest.approx(expected, rel=1e-12)


def test_a_protocol_without_resamples_has_no_interval():
    real, generated = feature_sets()
    sets = [
        FeatureSet(
            s.features,
            s.moments,
            FeatureOrigin(protocol=used(generated={"num_clips": 30}, bootstrap={"resamples": 0}), clips=s.origin.clips),
        )
        for s in (real, generated)
    ]
    assert score_features(*sets, scored=scored()).interval is None


def test_a_score_file_holds_all_that_decides_it(tmp_path):
    score = score_features(*feature_sets(), scored=scored())
    write_score(tmp_path / "score.json", score)
    assert read_score(tmp_path / "score.json") == score
    values = json.loads((tmp_path / "score.json").read_text())
    assert values["metric"] == "rfvd" and values["label"] == "rFVD16"
    assert values["scored"] == {"run": "sky-D-s0-7be01d44", "dataset": "sky", "model": "D", "seed": 0, "kimg": 20}
    assert values["real"].keys() >= {"count", "max_clips_per_video", "frame_stride", "first_frames", "short_videos"}
    assert values["generated"].keys() >= {"count", "seed", "start_time", "truncation", "frame_stride"}
    assert values["protocol"].keys() == {"name", "key", "settings", "detector_sha256"}
    assert values["protocol"]["settings"]["covariance"] == "population"
    assert values["protocol"]["settings"]["detector"]["resize_filter"] == "bilinear"
    assert values["versions"].keys() == {"stylesv", "python", "torch", "numpy"}


def test_features_of_two_protocols_are_not_scored():
    with pytest.raises(ConfigError, match=r"real features .*generated features .*frame_stride: 2 and 1"):
        score_features(*feature_sets(real_changes={"frame_stride": 2, "key": "89efcdab"}), scored=scored())


def test_real_and_generated_are_not_mistaken():
    real, generated = feature_sets()
    with pytest.raises(DataError, match="check their order"):
        score_features(generated, real, scored=scored())


def test_scores_of_two_protocols_are_not_compared():
    first = score_features(*feature_sets(), scored=scored(20))
    second = score_features(*feature_sets(covariance="sample", key="89efcdab"), scored=scored(40))
    compare_protocols([first, first])
    words = r"sky-D-s0-7be01d44 at 20 kimg .* at 40 kimg .*covariance: population and sample"
    with pytest.raises(ConfigError, match=words):
        compare_protocols([first, second])


def test_a_part_of_the_clips_is_not_scored():
    real, generated = feature_sets()
    part = FeatureSet(generated.features[:20], Moments.from_features(generated.features[:20]), generated.origin)
    with pytest.raises(DataError, match="20 clips have features, but 30 were chosen"):
        score_features(real, part, scored=scored())


def test_other_files_are_refused(tmp_path):
    with pytest.raises(DataError, match="no such score"):
        read_score(tmp_path / "none.json")
    (tmp_path / "other.json").write_text('{"fvd": 12.5}')
    with pytest.raises(DataError, match="not a score of this project"):
        read_score(tmp_path / "other.json")
