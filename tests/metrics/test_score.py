"""Scores: the distance, with everything that decides it, and no comparison across protocols."""

import json
from dataclasses import replace

import numpy as np
import pytest
from protocol_values import used

from stylesv.errors import ConfigError, DataError, DetectorError
from stylesv.metrics.artefacts import ARTEFACT_NAMES
from stylesv.metrics.clip_selection import select_real_clips
from stylesv.metrics.comparison import floor_of
from stylesv.metrics.features import FeatureOrigin, FeatureSet, describe_generated_clips, describe_real_clips
from stylesv.metrics.frechet import frechet_distance_of_features
from stylesv.metrics.inception_score import inception_score
from stylesv.metrics.moments import Moments
from stylesv.metrics.score import score_features
from stylesv.records.record_file import rounded
from stylesv.records.score import Score, ScoredRun, read_score, write_score


def feature_sets(count=30, length=4, *, real_changes=None, **changes):
    """Real and generated features of a protocol whose settings are changed."""
    common = {"generated": {"num_clips": count}, "real": {"max_clips_per_video": 2}}
    common["bootstrap"] = {"resamples": 20}
    protocol = used(**(common | changes))
    real_protocol = used(**(common | (real_changes or changes)))
    selection = select_real_clips([60] * (count // 2), real_protocol.settings)
    real_facts = {"films": range(count), "dataset": "sky", "protocol": real_protocol, "resolution_px": 32}
    random = np.random.default_rng(0)
    sets = []
    for offset, used_protocol, clips in (
        (0, real_protocol, describe_real_clips(selection, **real_facts)),
        (1, protocol, describe_generated_clips(source="run at 20 kimg", protocol=protocol, resolution_px=32)),
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
    read = read_score(tmp_path / "score.json")
    assert read.value == pytest.approx(score.value, rel=1e-9) and read.value == float(f"{score.value:.10g}")
    assert read == Score.model_validate_json(json.dumps(rounded(score.model_dump(mode="json"))))
    assert read.floor.value == pytest.approx(score.floor.value, rel=1e-9)
    values = json.loads((tmp_path / "score.json").read_text())
    assert values["metric"] == "rfvd" and values["label"] == "rFVD16"
    assert values["scored"] == {"run": "sky-D-s0-7be01d44", "dataset": "sky", "model": "D", "seed": 0, "kimg": 20}
    assert values["real"].keys() >= {"count", "max_clips_per_video", "frame_stride", "first_frames", "short_videos"}
    assert values["generated"].keys() >= {"count", "seed", "start_time", "truncation", "frame_stride"}
    assert values["protocol"].keys() == {"name", "key", "settings", "detector_sha256"}
    assert values["protocol"]["settings"]["covariance"] == "population"
    assert values["protocol"]["settings"]["detector"]["resize_filter"] == "bilinear"
    assert values["versions"].keys() == {"stylesv", "python", "torch", "numpy", "opencv-python-headless"}


def test_features_of_two_protocols_are_not_scored():
    with pytest.raises(ConfigError, match=r"real features .*generated features .*frame_stride: 2 and 1"):
        score_features(*feature_sets(real_changes={"frame_stride": 2, "key": "89efcdab"}), scored=scored())


def test_real_and_generated_are_not_mistaken():
    real, generated = feature_sets()
    with pytest.raises(DataError, match="check their order"):
        score_features(generated, real, scored=scored())


def test_frames_of_two_resolutions_are_not_scored():
    real, generated = feature_sets()
    clips = generated.origin.clips.model_copy(update={"resolution_px": 64})
    other = replace(generated, origin=generated.origin.model_copy(update={"clips": clips}))
    with pytest.raises(DataError, match="real frames have 32 px and generated ones 64"):
        score_features(real, other, scored=scored())


def test_moments_alone_give_the_same_score():
    whole = feature_sets(bootstrap={"resamples": 0})
    alone = [replace(side, features=None, videos=None) for side in whole]
    expected = score_features(*whole, scored=scored())
    assert score_features(*alone, scored=scored()).value == pytest.approx(expected.value, rel=1e-9)


def test_what_stands_beside_is_scored_with_the_real_value():
    drift = {"start_times": (0, 64), "num_clips": 9}
    artefacts = {"num_clips": 9, "num_frames": 16, "motion_distance": 8}
    real, generated = feature_sets(drift=drift, artefacts=artefacts)
    names = len(ARTEFACT_NAMES)
    real = replace(real, artefacts=np.full((3, names), 0.5), late={0: real.features[:12], 64: real.features[:1]})
    made = np.arange(4 * names, dtype=float).reshape(4, names)
    made[0, 0] = np.nan
    generated = replace(generated, artefacts=made, late={0: generated.features, 64: generated.features + 1})
    score = score_features(real, generated, scored=scored())
    sticking = score.artefacts[0]
    assert (sticking.name, sticking.real, sticking.real_error, sticking.real_clips) == ("sticking", 0.5, 0, 3)
    assert (sticking.generated, sticking.generated_clips) == (made[1:, 0].mean(), 3)
    assert sticking.generated_error == pytest.approx(made[1:, 0].std(ddof=1) / 3**0.5)
    first, late = score.drift
    assert (first.start_time, first.real_clips, late.real, late.real_clips) == (0, 12, None, 1)
    assert first.generated == pytest.approx(score.value, rel=1e-9)
    assert late.generated > first.generated


def test_inception_scores_have_a_spread_and_the_real_clips_own():
    inception = {"metric": "inception_video", "inception": {"splits": 3, "shuffle_seed": None}}
    real, generated = (
        replace(side, features=probabilities)
        for side, probabilities in zip(
            feature_sets(**inception),
            np.random.default_rng(0).dirichlet(np.ones(4), (2, 30)).astype(np.float32),
            strict=True,
        )
    )
    score = score_features(real, generated, scored=scored())
    assert (score.value, score.split_std) == inception_score(generated.features, splits=3, shuffle_seed=None)
    assert score.real_value == inception_score(real.features, splits=3, shuffle_seed=None)[0]
    assert not score.few_clips


def test_kernel_distances_have_an_interval():
    kernel = {"metric": "kernel_image", "kernel": {"subsets": 5, "max_subset_size": 20, "seed": 0}}
    image = {"num_frames": 1}
    score = score_features(*feature_sets(**kernel, **image), scored=scored())
    assert score.label == "rKID" and score.interval.low < score.value < score.interval.high


def test_what_to_know_is_noted():
    notes = score_features(*feature_sets(8, 20), scored=scored()).notes
    assert any(note.startswith("covariances are singular: 8 real and 8 generated clips for 400") for note in notes)
    assert "8 real clips where the protocol allows 256" in notes
    fewer = {"num_clips": 2048}
    real, generated = (
        replace(side, origin=side.origin.model_copy(update={"protocol": used(generated=fewer)}))
        for side in feature_sets()
    )
    assert any(
        "30 generated clips where the protocol says 2048" in n
        for n in score_features(real, generated, scored=scored()).notes
    )


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


def test_features_that_are_not_finite_are_not_scored():
    for changed in ("features", "moments", "late"):
        real, _ = feature_sets()
        bad = real.features.copy()
        bad[3, 1] = np.nan
        values = {"features": bad, "late": {64: bad}, "moments": replace(real.moments, mean=np.full(4, np.inf))}
        with pytest.raises(DetectorError, match="not finite"):
            replace(real, **{changed: values[changed]})


def test_a_score_stands_beside_its_floor_and_what_fidelity_says():
    real, generated = feature_sets(60, 30)
    score = score_features(real, generated, scored=scored())
    assert score.floor == floor_of(real, generated.origin.protocol, num_generated=60)
    assert score.floor.low < score.floor.value < score.floor.high < score.value
    assert score.infinity.points[0].distance == pytest.approx(score.value, rel=1e-9)
    assert 0 < score.infinity.value < score.value
    assert [row.name for row in score.fidelity] == ["kernel", "precision", "recall", "density", "coverage"]
    assert all(row.real is not None for row in score.fidelity)
    assert (score.memorisation.copies, score.memorisation.clips) == (0, 60)
    given = score.floor.model_copy(update={"value": 0.5})
    assert score_features(real, generated, scored=scored(), floor=given).floor == given


def test_moments_of_clips_that_share_videos_give_no_floor_and_the_score_says_so():
    bare = {"kernel": None, "neighbours": None, "bootstrap": {"resamples": 0}}
    for per_video in (2, 1):
        changes = bare | {"real": {"max_clips": 30, "max_clips_per_video": per_video}}
        real, generated = (replace(side, features=None) for side in feature_sets(60 // per_video, **changes))
        clips = real.origin.clips
        count = replace(real.moments, count=clips.count)
        score = score_features(replace(real, moments=count), generated, scored=scored())
        assert clips.max_clips_per_video == per_video
        assert (score.floor is None, any("no floor" in note for note in score.notes)) == 2 * (per_video == 2,)


def test_copies_of_real_clips_are_flagged():
    real, generated = feature_sets(60, 30)
    copied = generated.features.copy()
    copied[[5, 40]] = real.features[[11, 30]] + 1e-4
    score = score_features(real, replace(generated, features=copied), scored=scored())
    assert score.memorisation.copies == 2
    assert {(pair.generated, pair.real) for pair in score.memorisation.pairs[:2]} == {(5, 11), (40, 30)}
    (warning,) = score.warnings
    assert warning.code == "copies" and warning.sentence.startswith(
        "2 of 60 generated clips are copies of real ones, or nearly"
    )
    assert score_features(real, generated, scored=scored()).warnings == ()
