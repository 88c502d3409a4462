"""One measurement of ONNX Runtime: `python -m benchmarks.interpreter_speed.onnx_runtime MODEL FEED OUT`."""

from __future__ import annotations

import json
import sys

import numpy as np
import onnxruntime  # type: ignore[import-untyped]

from benchmarks.process import repeated

REPEATS = 101


def open_session(model: str | bytes) -> onnxruntime.InferenceSession:
    """A model, by its path or as it is written, ready to run on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def main(model: str, feed: str, out: str) -> None:
    """Run a model on the arrays of an archive, in its own float type, on one thread, and keep what
    came out.
    """
    session = open_session(model)
    arrays = dict(np.load(feed))
    names = [output.name for output in session.get_outputs()]
    np.savez(out, **dict(zip(names, session.run(None, arrays), strict=True)))
    print(json.dumps({"seconds": repeated(lambda: session.run(None, arrays), REPEATS)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
