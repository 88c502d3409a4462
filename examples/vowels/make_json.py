"""Write an ONNX file as JSON, in protobuf's own JSON mapping: `make_json.py MODEL.onnx MODEL.json`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import onnx
from google.protobuf.json_format import MessageToDict


def main(source: str, target: str) -> None:
    """Bytes become base64, 64-bit integers strings, field names camelCase; one line, without spaces."""
    model = MessageToDict(onnx.load(source))
    Path(target).write_text(json.dumps(model, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
