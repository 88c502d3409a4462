"""Single LSTM nodes with random weights, against ONNX Runtime."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper

from lstmir.interpreter.run import run
from lstmir.ir.interface import Port, ports
from lstmir.ir.module import Module
from lstmir.syntax.printer import print_module

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

TIME, BATCH, FEATURES, HIDDEN = 6, 3, 5, 4
ALL = ("Y", "Y_h", "Y_c")


@dataclass(frozen=True)
class Case:
    """What one node has. `states` come as weights, as model inputs, or not at all."""

    direction: str = "forward"
    bias: bool = True
    states: str = ""
    outputs: tuple[str, ...] = ALL
    sizes: tuple[int | str, int | str] = ("time", "batch")

    def __str__(self) -> str:
        bias = "bias" if self.bias else "no_bias"
        dynamic = "x".join(map(str, self.sizes))
        outputs = "+".join(name or "none" for name in self.outputs)
        return f"{self.direction}-{bias}-{self.states or 'zero'}-{outputs}-{dynamic}"

    @property
    def directions(self) -> int:
        return 2 if self.direction == "bidirectional" else 1


FIXED = (TIME, BATCH)
CASES = [
    Case(),
    Case(bias=False),
    Case("reverse"),
    Case("reverse", bias=False, states="weights", sizes=("time", BATCH), outputs=("Y_h",)),
    Case("bidirectional"),
    Case("bidirectional", bias=False, states="inputs"),
    Case("bidirectional", states="weights", sizes=FIXED, outputs=("Y", "", "Y_c")),
    Case(states="inputs", outputs=("", "Y_h")),
    Case(states="weights", sizes=FIXED, outputs=("", "", "Y_c")),
    Case(states="one", sizes=(TIME, BATCH)),
    Case(outputs=("Y",), sizes=("time", BATCH)),
    Case("reverse", states="inputs", sizes=FIXED, outputs=("Y", "Y_h")),
    Case("bidirectional", states="one", sizes=FIXED, outputs=("Y_h", "Y_c")),
]


def arrays_of(case: Case, seed: int) -> dict[str, np.ndarray]:
    """Every array that a node can take, in the layout of time first."""
    rng, d = np.random.default_rng(seed), case.directions
    shapes = {
        "X": (TIME, BATCH, FEATURES),
        "W": (d, 4 * HIDDEN, FEATURES),
        "R": (d, 4 * HIDDEN, HIDDEN),
        "B": (d, 8 * HIDDEN),
        "initial_h": (d, BATCH, HIDDEN),
        "initial_c": (d, BATCH, HIDDEN),
    }
    arrays = {name: rng.normal(0, 0.7, shape).astype(np.float32) for name, shape in shapes.items()}
    if case.states == "one":
        for name in ("initial_h", "initial_c"):
            arrays[name][:] = arrays[name][:, :1]
    return arrays


def model_of(
    case: Case, arrays: dict[str, np.ndarray], bench: Bench, **attributes: Any
) -> ModelProto:
    inputs = ["X", "W", "R", "B" if case.bias else ""]
    inputs += ["", "initial_h", "initial_c"] if case.states else []
    outputs = [name if name in case.outputs else "" for name in ALL]
    node = helper.make_node(
        "LSTM", inputs, outputs, name="cell", direction=case.direction, hidden_size=HIDDEN,
        **attributes,
    )  # fmt: skip
    (time, batch), d = case.sizes, case.directions
    shapes = {"X": (time, batch, FEATURES)}
    shapes |= dict.fromkeys(("initial_h", "initial_c"), (d, batch, HIDDEN))
    if attributes.get("layout"):
        shapes = {name: (shape[1], shape[0], shape[2]) for name, shape in shapes.items()}
    fed = feeds_of(case, arrays)
    return bench.model(
        [node],
        {name: shapes[name] for name in fed},
        [name for name in case.outputs if name],
        {name: array for name, array in arrays.items() if name in inputs and name not in fed},
    )


def feeds_of(case: Case, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    fed = ("X", "initial_h", "initial_c") if case.states == "inputs" else ("X",)
    return {name: arrays[name] for name in fed}


def all_ports(module: Module) -> list[Port]:
    return ports(module, "input") + ports(module, "output")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_agrees_with_onnx_runtime(case: Case, bench: Bench) -> None:
    arrays = arrays_of(case, CASES.index(case))
    bench.agree(model_of(case, arrays, bench), feeds_of(case, arrays))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_layout_1_is_layout_0_with_its_arrays_turned(case: Case, bench: Bench) -> None:
    arrays = arrays_of(case, CASES.index(case))
    expected = bench.reference(model_of(case, arrays, bench), feeds_of(case, arrays))
    turned = {
        name: array.transpose(1, 0, 2) if name in ("X", "initial_h", "initial_c") else array
        for name, array in arrays.items()
    }
    module = bench.imported(model_of(case, turned, bench, layout=1))
    orders = {"Y": (2, 0, 1, 3), "Y_h": (1, 0, 2), "Y_c": (1, 0, 2)}
    bench.same(
        run(module, feeds_of(case, turned)),
        {name: array.transpose(orders[name]) for name, array in expected.items()},
    )
    roles = {port.name: (port.batch, port.time) for port in ports(module, "output")}
    assert roles == {name: (0, 1 if name == "Y" else None) for name in case.outputs if name}


def test_float64_stays_float64(bench: Bench) -> None:
    arrays = {name: array.astype(np.float64) for name, array in arrays_of(Case(), 0).items()}
    single = {name: array.astype(np.float32) for name, array in arrays.items()}
    model = model_of(Case(), arrays, bench)
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.DOUBLE
    ours = run(bench.imported(model), {"X": arrays["X"]})
    theirs = bench.reference(model_of(Case(), single, bench), {"X": single["X"]})
    for name, expected in theirs.items():
        assert ours[name].dtype == np.float64
        np.testing.assert_allclose(ours[name], expected, rtol=1e-5, atol=1e-6)


def test_batch_and_time_of_states_and_results(bench: Bench) -> None:
    case = Case("bidirectional", states="inputs")
    module = bench.imported(model_of(case, arrays_of(case, 0), bench))
    found = {port.name: (port.batch, port.time) for port in all_ports(module)}
    assert found == {
        "X": (1, 0),
        "initial_h": (1, None),
        "initial_c": (1, None),
        "Y": (2, 0),
        "Y_h": (1, None),
        "Y_c": (1, None),
    }


def test_a_batch_of_one_is_a_batch(bench: Bench) -> None:
    case = Case(states="inputs", sizes=("time", 1))
    module = bench.imported(model_of(case, arrays_of(case, 0), bench))
    assert [(port.batch, port.time) for port in ports(module, "input")] == [
        (1, 0),
        (1, None),
        (1, None),
    ]


@pytest.mark.parametrize(
    ("states", "shape"), [("zero", None), ("one", (1, 1, HIDDEN)), ("weights", (1, BATCH, HIDDEN))]
)
def test_states_that_are_the_same_for_all_samples_are_stored_once(
    states: str, shape: tuple[int, ...] | None, bench: Bench
) -> None:
    case = Case(states=states, sizes=FIXED)
    arrays = arrays_of(case, 0)
    if states == "zero":
        arrays["initial_h"][:] = arrays["initial_c"][:] = 0
    resources = bench.imported(model_of(case, arrays, bench)).resources
    found = resources.get("cell_initial_h")
    assert (None if found is None else found.shape) == shape


def test_defaults_may_be_written_out(bench: Bench) -> None:
    arrays = arrays_of(Case("bidirectional"), 0)
    plain = bench.imported(model_of(Case("bidirectional"), arrays, bench))
    spelled = bench.imported(
        model_of(
            Case("bidirectional"),
            arrays,
            bench,
            activations=["Sigmoid", "Tanh", "Tanh"] * 2,
            input_forget=0,
            layout=0,
        )
    )
    assert print_module(plain) == print_module(spelled)


def test_the_hidden_size_may_be_left_out(bench: Bench) -> None:
    model = model_of(Case(), arrays_of(Case(), 0), bench)
    attributes = model.graph.node[0].attribute
    attributes.remove(next(item for item in attributes if item.name == "hidden_size"))
    assert " {hidden_size = 4, " in print_module(bench.imported(model))
