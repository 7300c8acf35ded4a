"""The base of every typed settings object: strict, frozen, finite, no unknown keys, no defaults in code; and its commonest
numbers.

Values live in `config/config.yaml`, one place a user can read; the types here say what is allowed.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, le=1)]


class Settings(BaseModel):
    """Strict and frozen: "25" and NaN are not numbers, 1 may stand for 1.0, and an unknown key is an error."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )
