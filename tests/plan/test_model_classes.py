"""What a model's class does not allow is said before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from build_settings import load
from mirage.plan.entries import TABLES
from mirage.plan.schema.model import Model

CONF = Path(__file__).resolve().parents[2] / "conf/model"


def test_every_model_names_a_known_class() -> None:
    models = [
        Model.model_validate(load(f"model/{path.name}")) for path in sorted(CONF.glob("*.yaml"))
    ]
    trained = {model.architecture for model in models if model.made == "scratch"}
    assert trained == {name for name in TABLES["family"] if f"nano_{name}" in TABLES["encoding"]}
    assert len({model.tag for model in models}) == len(models)


@pytest.mark.parametrize(
    ("name", "part", "changed", "said"),
    [
        ("nano_llava_ov", "", {"downsample_ratio": 0.5}, "should be 1: this class merges no"),
        ("nano_qwen2_vl", "text", {"heads": 16, "kv_heads": 16}, "heads 8 should be a multiple"),
        ("nano_qwen2_vl", "vision", {"heads": 64}, "heads 2 should be a multiple"),
        ("nano_qwen2_vl", "vision", {"intermediate_size": 200}, "multiple of hidden_size 128"),
    ],
)
def test_sizes_that_a_class_does_not_allow(
    name: str, part: str, changed: dict[str, Any], said: str
) -> None:
    plain = load(f"model/{name}.yaml")
    (plain["shape"][part] if part else plain["shape"]).update(changed)
    with pytest.raises(ValidationError, match=said):
        Model.model_validate(plain)
