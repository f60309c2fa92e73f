"""What all groups share."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class Strict(BaseModel):
    """A block of settings: unknown keys, wrong types and later changes are errors.

    ``yes`` is no number, ``"3"`` is no number, and no number is infinite.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]*$")]
"""A name that becomes part of a folder: small letters, digits and underscores."""

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]
Rate = Annotated[float, Field(gt=0)]
Resize = Literal["fit", "error"]
"""Of a user's pictures: scaled with grey around them for models that read one size, or refused."""
ModelPart = Literal["vision", "projector", "language_model"]
"""What of a model can be trained or frozen."""
Nonnegative = Annotated[float, Field(ge=0)]


def later(default: Any) -> Any:
    """Returns a field of a setting that came after artifacts had been released.

    Where it has its default, which means "as before", it stands in no artifact's settings: so no id
    and no key of committed answers moves. Code that reads settings takes it by ``get``.
    """
    return Field(default=default, exclude_if=lambda value: value == default)
