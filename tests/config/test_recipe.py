"""Keys of recipes: equal values have equal ones."""

import hashlib

import pytest

from stylesv.config.recipe import recipe_key


def test_the_key_is_the_hash_of_sorted_json():
    text = '{"a":{"b":[1,2.5],"c":null},"z":"ü"}'
    assert recipe_key({"z": "ü", "a": {"c": None, "b": [1, 2.5]}}) == hashlib.sha256(text.encode()).hexdigest()[:8]


def test_a_number_that_is_not_finite_has_no_key():
    with pytest.raises(ValueError, match="not JSON compliant"):
        recipe_key({"lr": float("inf")})
