"""The two forms of the example's model are one model."""

from __future__ import annotations

from pathlib import Path

import onnx
from google.protobuf.json_format import Parse

VOWELS = Path(__file__).parents[2] / "examples" / "vowels"


def test_the_json_says_what_the_onnx_says() -> None:
    text = (VOWELS / "vowels_h32.json").read_text(encoding="utf-8")
    assert Parse(text, onnx.ModelProto()) == onnx.load(VOWELS / "vowels_h32.onnx")
