"""`lstmir.frontends.torch.export`: from a PyTorch module to IR in one call."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from lstmir.frontends.exporters.exported import import_exported
from lstmir.frontends.torch import export
from lstmir.interpreter.run import run
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import Port, ports
from lstmir.ir.module import Module

if TYPE_CHECKING:
    import torch

needs_torch = [pytest.mark.soak, pytest.mark.needs("torch")]


@pytest.mark.parametrize("missing", ["torch", "onnxscript"])
def test_what_is_missing_is_named_with_the_command(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent(type(sys)):  # type: ignore[misc]
        """A package that can be imported, and is empty."""

    monkeypatch.setitem(sys.modules, "torch", Silent("torch"))
    monkeypatch.setitem(sys.modules, "onnxscript", Silent("onnxscript"))
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(UserError) as caught:
        export(object(), ())
    assert caught.value.diagnostics[0].message == (
        f"to export a PyTorch module, install {missing}: pip install 'lstmir[torch]'"
    )


def scores(batch_first: bool = True, turned: bool = False, layer: str = "LSTM") -> Any:
    """A classifier; its layers may have their time first though its input has not."""
    import torch

    class Scores(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            options = {"batch_first": batch_first, "dropout": 0.5}
            self.core = getattr(torch.nn, layer)(4, 8, num_layers=2, **options)
            self.head = torch.nn.Linear(8, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            steps, _ = self.core(x.transpose(0, 1) if turned else x)
            return self.head(steps[:, -1] if batch_first else steps[-1])

    torch.manual_seed(0)
    return Scores()


def agrees(module: Module, network: Any, **inputs: torch.Tensor) -> None:
    import torch

    with torch.no_grad():
        expected = network.eval()(*inputs.values()).numpy()
    found = run(module, {name: tensor.numpy() for name, tensor in inputs.items()})["output"]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def x_port(module: Module) -> Port:
    return ports(module, "input")[0]


@pytest.mark.parametrize("dynamo", [None, False, True])
@pytest.mark.parametrize(
    ("kind", "batch"), [((), 0), ((False,), 1), ((False, True), 0)]
)  # fmt: skip
class TestBatch:
    pytestmark = needs_torch

    def test_it_is_found_and_free(self, kind: Any, batch: int, dynamo: bool | None) -> None:
        import torch

        network = scores(*kind)
        module = export(network, torch.randn((1, 5, 4) if batch == 0 else (5, 1, 4)), dynamo=dynamo)
        shape = (-1, 5, 4) if batch == 0 else (5, -1, 4)
        assert x_port(module) == Port("x", "input", "f32", shape, batch=batch, time=1 - batch)
        agrees(module, network, x=torch.randn((3, 5, 4) if batch == 0 else (5, 3, 4)))


class TestExport:
    pytestmark = needs_torch

    def test_any_length(self) -> None:
        import torch

        network = scores()
        module = export(network, torch.randn(2, 5, 4), any_length=True)
        assert x_port(module).shape == (-1, -1, 4)
        agrees(module, network, x=torch.randn(3, 9, 4))

    def test_a_plain_rnn_stays_a_layer(self) -> None:
        import torch

        module = export(scores(layer="RNN"), torch.randn(2, 5, 4))
        assert [op.name for op in module.walk()].count("rnn.simple_rnn") == 2

    def test_axes_may_be_given(self) -> None:
        import torch

        for axes, shape in (({}, (2, 5, 4)), ({"x": {0: "n"}}, (-1, 5, 4))):
            assert x_port(export(scores(), torch.randn(2, 5, 4), dynamic_axes=axes)).shape == shape

    def test_the_file_and_the_names(self, tmp_path: Path) -> None:
        import torch

        path = tmp_path / "net.onnx"
        export(scores(), torch.randn(2, 5, 4), path=path, inputs=["seen"], outputs=["said"])
        module = import_exported(path)
        assert [port.name for kind in ("input", "output") for port in ports(module, kind)] == [
            "seen",
            "said",
        ]

    @pytest.mark.parametrize("any_length", [False, True])
    def test_one_tensor_for_both_states_gives_two_inputs(self, any_length: bool) -> None:
        import torch

        zeros = torch.zeros(1, 2, 8)
        example = torch.randn(5, 2, 4), (zeros, zeros)
        module = export(torch.nn.LSTM(4, 8), example, any_length=any_length)
        named = [(port.name, port.batch) for port in ports(module, "input")]
        assert named == [("input", 1), ("hx_0", 1), ("hx_1", 1)]
        layer = next(op for op in module.walk() if op.name == "rnn.lstm")
        assert len(set(layer.operands)) == len(layer.operands)

    def test_the_module_is_left_as_it_was(self) -> None:
        import torch

        network = scores()
        network.head.eval()
        before = {name: value.clone() for name, value in network.state_dict().items()}
        export(network, torch.randn(2, 5, 4))
        assert (network.training, network.core.training, network.head.training) == (
            True,
            True,
            False,
        )
        assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
        network(torch.randn(3, 7, 4)).sum().backward()


class TestRefused:
    pytestmark = needs_torch

    def test_a_number_for_the_batch(self) -> None:
        import torch

        class Fixed(torch.nn.LSTM):  # type: ignore[misc]
            def forward(self, x: torch.Tensor) -> torch.Tensor:
                zeros = torch.zeros(1, 2, 8)
                return super().forward(x, (zeros, zeros))[0]

        assert refusal(Fixed(4, 8), torch.randn(5, 2, 4)).startswith(
            "PyTorch fixed the batch of input 'x' at 2: does the module use a number where"
        )

    def test_what_has_no_recurrence(self) -> None:
        import torch

        assert refusal(torch.nn.Linear(4, 8), torch.randn(2, 4)).startswith(
            "no recurrent layer tells which axis of the inputs is the batch; say it yourself"
        )

    def test_projections(self) -> None:
        import torch

        network = torch.nn.LSTM(4, 8, proj_size=2)
        assert "proj_size has no form in ONNX" in refusal(network, torch.randn(5, 2, 4))

    def test_any_length_with_the_newer_exporter(self) -> None:
        import torch

        x = torch.randn(2, 5, 4)
        assert refusal(scores(), x, any_length=True, dynamo=True) == (
            "PyTorch fixed the time of input 'x' at 5; its newer exporter does so for most recurrent"
            " layers: leave dynamo out, or set it to False"
        )

    def test_names_that_are_too_many(self) -> None:
        import torch

        message = refusal(scores(), torch.randn(2, 5, 4), inputs=["a", "b"])
        assert message == "the module has 1 inputs, but 2 names are given"

    def test_examples_that_are_no_tensors(self) -> None:
        assert refusal(scores(), [1.0]) == "the example must consist of tensors, in tuples or lists"

    def test_what_the_exporter_cannot_do(self) -> None:
        import torch

        class Sorted(torch.nn.LSTM):  # type: ignore[misc]
            def forward(self, x: torch.Tensor) -> torch.Tensor:
                return torch.linalg.eigvals(super().forward(x)[0][:, :, :4] @ x.mT).real

        message = refusal(Sorted(4, 8), torch.randn(5, 2, 4))
        assert message.startswith("PyTorch cannot export this module: ")


def refusal(network: Any, example: Any, **options: Any) -> str:
    with pytest.raises(UserError) as caught:
        export(network, example, **options)
    return caught.value.diagnostics[0].message
