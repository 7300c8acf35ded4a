"""Training settings: the published values are allowed, and contradictions are refused with the reason."""

import copy
import json

import pytest
import yaml
from pydantic import ValidationError

from stylesv.config.training import TrainingSettings


@pytest.fixture
def values(root):
    return yaml.safe_load((root / "config" / "config.yaml").read_text())["model"]["training"]


def validated(values, **changes):
    """The settings with some changed, named by their path with dots as double underscores."""
    changed = copy.deepcopy(values)
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = changed
        for parent in parents:
            place = place[parent]
        place[last] = value
    return TrainingSettings.model_validate_json(json.dumps(changed))


def test_the_values_of_config_yaml_are_allowed(values):
    assert validated(values).num_frames == values["num_frames"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"num_frames": 2000}, "num_frames 2000 is more than max_num_frames 1024"),
        ({"num_frames": 40}, "need distances of at least 39, but the largest that frame_sampling allows is 32"),
        ({"frame_sampling__max_distance": 1}, "distances of at least 2, but the largest .* is 1"),
        ({"frame_sampling__distances": [64], "frame_sampling__max_distance": 8}, "allows is 0"),
        ({"batch_size": 1, "loss__path_length__weight": 2}, "batch_size 1 is less than path_length.batch_shrink 2"),
        ({"augment__probability": 1.5}, "less than or equal to 1"),
        ({"augment__transforms__imgfilter_bands": [1, 1, 1]}, "Field required"),
        ({"generator_optimizer__lr": 0}, "greater than 0"),
        ({"generator_optimizer__lr": float("inf")}, "finite number"),
        ({"loss__r1_gamma": float("nan")}, "finite number"),
        ({"discriminator_optimizer__betas": [0, 1]}, "less than 1"),
        ({"ema__ramp_up": "auto"}, "valid number"),
        ({"loss__r1_gama": 1}, "Extra inputs are not permitted"),
    ],
)
def test_what_cannot_work_is_refused_with_the_reason(values, changes, words):
    with pytest.raises(ValidationError, match=words):
        validated(values, **changes)


def test_uniform_clips_may_be_longer_than_the_largest_distance_between_two_frames(values):
    assert validated(values, num_frames=5, frame_sampling__kind="uniform", frame_sampling__max_distance=2)
