"""Small ONNX models, and the comparison of what lstmir and ONNX Runtime make of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
import pytest
from google.protobuf.json_format import MessageToDict
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from lstmir.frontends.importer import import_model
from lstmir.frontends.model.read import model_of
from lstmir.interpreter.run import run
from lstmir.ir.module import Module
from lstmir.ir.verify import verify
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module

Shape = Sequence[int | str | None]


class Bench:
    """Makes models, imports them, and runs them on both sides."""

    def model(
        self,
        nodes: Sequence[NodeProto],
        inputs: Mapping[str, Shape],
        outputs: Sequence[str] = ("y",),
        weights: Mapping[str, np.ndarray] | None = None,
        opset: int = 17,
        element: int = TensorProto.FLOAT,
    ) -> ModelProto:
        graph = helper.make_graph(
            nodes,
            "test",
            [helper.make_tensor_value_info(name, element, shape) for name, shape in inputs.items()],
            [helper.make_tensor_value_info(name, element, None) for name in outputs],
            [numpy_helper.from_array(array, name) for name, array in (weights or {}).items()],
        )
        version = [helper.make_opsetid("", opset)]
        return helper.make_model(graph, opset_imports=version, ir_version=8)

    def as_dict(self, model: ModelProto) -> dict[str, Any]:
        """The model in protobuf's JSON mapping."""
        mapping: dict[str, Any] = MessageToDict(model)
        return mapping

    def imported(self, model: ModelProto) -> Module:
        """The module, which has been verified and survives its own text."""
        module = import_model(model_of(self.as_dict(model), "test"), "test")
        verify(module)
        text = print_module(module)
        assert print_module(parse_module(text)) == text
        return module

    def reference(
        self, model: ModelProto | bytes, feeds: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """What ONNX Runtime computes."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        data = model if isinstance(model, bytes) else model.SerializeToString()
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(names, dict(feeds)), strict=True))

    def agree(self, model: ModelProto, feeds: Mapping[str, np.ndarray]) -> Module:
        """Import a model, and assert that lstmir computes what ONNX Runtime computes."""
        module = self.imported(model)
        self.same(run(module, feeds), self.reference(model, feeds))
        return module

    def same(self, ours: Mapping[str, np.ndarray], theirs: Mapping[str, np.ndarray]) -> None:
        """Assert that two sets of results have one shape, and values within 1e-5 of the largest."""
        assert list(ours) == list(theirs)
        for name, expected in theirs.items():
            assert ours[name].shape == expected.shape, name
            assert ours[name].dtype == expected.dtype, name
            limit = _limit(expected)
            np.testing.assert_allclose(ours[name], expected, rtol=0, atol=limit, err_msg=name)


def _limit(expected: np.ndarray) -> float:
    """1e-5 of the largest element, but not below the last place of float32's numbers from 1 on.

    What comes out near zero is often the difference of such numbers: so are ONNX Runtime's own
    sigmoid and tanh of small arguments.
    """
    if expected.dtype.kind != "f":
        return 0.0
    largest = float(np.abs(expected).max(initial=0))
    return max(1e-5 * largest, float(np.finfo(np.float32).eps))


@pytest.fixture(scope="session")
def bench() -> Bench:
    return Bench()
