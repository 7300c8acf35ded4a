"""The published code's formulas, on its own features (SPEC section 8)."""

import json

import numpy as np
import pytest

from stylesv.metrics.frechet import frechet_distance, frechet_distance_of_features, frechet_distance_of_few
from stylesv.metrics.moments import Moments


@pytest.fixture(scope="module")
def golden(golden_dir):
    results = json.loads((golden_dir / "metrics_formulas.json").read_text())["results"]
    with np.load(golden_dir / "metrics_formulas.npz") as arrays:
        return results, dict(arrays)


def test_moments_are_the_published_ones(golden):
    _, arrays = golden
    moments = Moments.from_features(arrays["gen_features"])
    np.testing.assert_allclose(moments.mean, arrays["gen_mean"], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(moments.covariance("population"), arrays["gen_cov"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("metric", ["fid", "fvd"])
def test_the_distance_is_the_published_one(golden, metric):
    results, arrays = golden
    real, generated = arrays["real_features"], arrays["gen_features"]
    moments = (Moments.from_features(real), Moments.from_features(generated))
    assert frechet_distance(*moments, covariance="population") == pytest.approx(results[metric], rel=1e-5)
    assert frechet_distance_of_few(real, generated, covariance="population") == pytest.approx(results[metric], rel=1e-5)


def test_so_it_is_with_fewer_clips_than_dimensions(golden):
    results, arrays = golden
    found = frechet_distance_of_features(
        arrays["real_features_few"], arrays["gen_features_few"], covariance="population"
    )
    assert found == pytest.approx(results["fid_rank_deficient"], rel=1e-5)
