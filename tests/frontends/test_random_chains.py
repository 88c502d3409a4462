"""Random chains of operators that fit together, against ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import NodeProto, helper

from lstmir.interpreter.run import run
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import ports
from tests.passes.levels import apply

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

TIME, BATCH, FEATURES = 3, 5, 4


@dataclass
class Chain:
    """Nodes so far, and the last value's shape; -1 stands for the batch."""

    draw: st.DrawFn
    shape: list[int]
    nodes: list[NodeProto] = field(default_factory=list)
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    value: str = "x"

    def add(self, op_type: str, *inputs: str, place: int = 0, **attributes: Any) -> None:
        """A node that reads the last value (as its input `place`) and makes the next."""
        target = f"v{len(self.nodes)}"
        names = [*inputs[:place], self.value, *inputs[place:]]
        self.nodes.append(helper.make_node(op_type, names, [target], **attributes))
        self.value = target

    def floats(self, *shape: int) -> str:
        rng = np.random.default_rng(len(self.weights))
        return self.weight(rng.normal(0, 0.5, shape).astype(np.float32))

    def ints(self, *values: int) -> str:
        return self.weight(np.array(values, np.int64))

    def weight(self, array: np.ndarray) -> str:
        name = f"w{len(self.weights)}"
        self.weights[name] = array
        return name

    def axis(self, *, batch: bool = True) -> int:
        """Some axis."""
        axes = [k for k, size in enumerate(self.shape) if batch or size > 0]
        return self.draw(st.sampled_from(axes)) if axes else 0


def function(chain: Chain) -> None:
    chain.add(chain.draw(st.sampled_from(["Tanh", "Sigmoid", "Relu", "Neg", "Identity", "Sign"])))


def piecewise(chain: Chain) -> None:
    """With a parameter."""
    op_type = chain.draw(st.sampled_from(["Elu", "HardSigmoid", "LeakyRelu", "ThresholdedRelu"]))
    chain.add(op_type, alpha=chain.draw(st.sampled_from([-0.5, 0.25, 1.0, 1.75])))


def clip(chain: Chain) -> None:
    bounds = [chain.floats() if chain.draw(st.booleans()) else "" for _ in range(2)]
    chain.add("Clip", *bounds)


def power(chain: Chain) -> None:
    chain.add("Tanh")
    chain.add("Pow", chain.ints(chain.draw(st.integers(0, 5))))


def beside(chain: Chain) -> str:
    """A weight that broadcasts against the value."""
    sizes = [1 if size < 0 or chain.draw(st.booleans()) else size for size in chain.shape]
    return chain.floats(*sizes[chain.draw(st.integers(0, len(sizes))) :])


def binary(chain: Chain) -> None:
    op_type = chain.draw(st.sampled_from(["Add", "Sub", "Mul", "Max", "Min"]))
    chain.add(op_type, beside(chain), place=chain.draw(st.integers(0, 1)))


def extremes(chain: Chain) -> None:
    """Of the value, what it was before, and a weight."""
    before, weight = chain.value, beside(chain)
    chain.add("Tanh")
    op_type = chain.draw(st.sampled_from(["Max", "Min"]))
    chain.add(op_type, *chain.draw(st.permutations([before, weight])), place=1)


def div(chain: Chain) -> None:
    divisor = beside(chain)
    array = chain.weights[divisor]
    chain.weights[divisor] = np.copysign(np.abs(array) + np.float32(0.5), array)
    chain.add("Div", divisor)


def where(chain: Chain) -> None:
    """The value where it stands in some relation to a weight, else another weight."""
    before, relation = chain.value, chain.draw(st.sampled_from(["Greater", "LessOrEqual"]))
    chain.add(relation, beside(chain))
    if chain.draw(st.booleans()):
        chain.add("Not")
    truth, chain.value = chain.value, before
    chain.add("Where", truth, beside(chain), place=1)


def matmul(chain: Chain) -> None:
    if chain.shape[-1] < 0:
        return
    columns = chain.draw(st.integers(1, 4))
    chain.add("MatMul", chain.floats(chain.shape[-1], columns))
    chain.shape[-1] = columns


def gemm(chain: Chain) -> None:
    if len(chain.shape) != 2 or chain.shape[1] < 0:
        return
    columns, turned = chain.draw(st.integers(1, 4)), chain.draw(st.integers(0, 1))
    sizes = (columns, chain.shape[1]) if turned else (chain.shape[1], columns)
    bias = chain.floats(*chain.draw(st.sampled_from([(columns,), (1,), (1, columns)])))
    chain.add("Gemm", chain.floats(*sizes), bias, transB=turned, alpha=0.5, beta=2.0)
    chain.shape[1] = columns


def transpose(chain: Chain) -> None:
    order = chain.draw(st.permutations(range(len(chain.shape))))
    chain.add("Transpose", perm=order)
    chain.shape = [chain.shape[k] for k in order]


def unsqueeze(chain: Chain) -> None:
    axis = chain.draw(st.integers(0, len(chain.shape)))
    chain.add("Unsqueeze", chain.ints(axis))
    chain.shape.insert(axis, 1)


def squeeze(chain: Chain) -> None:
    axes = [k for k, size in enumerate(chain.shape) if size == 1]
    if axes and len(chain.shape) > 1:
        axis = chain.draw(st.sampled_from(axes))
        chain.add("Squeeze", chain.ints(axis - len(chain.shape)))
        del chain.shape[axis]


def split(chain: Chain) -> None:
    axis = chain.axis(batch=False)
    size = chain.shape[axis]
    if size > 0:
        first = chain.draw(st.sampled_from([k for k in range(1, size + 1) if size % k == 0]))
        chain.shape[axis : axis + 1] = [first, size // first]
        chain.add("Reshape", chain.ints(*chain.shape))


def merge(chain: Chain) -> None:
    axes = [k for k in range(len(chain.shape) - 1) if min(chain.shape[k : k + 2]) > 0]
    if not axes:
        return
    axis = chain.draw(st.sampled_from(axes))
    chain.shape[axis : axis + 2] = [chain.shape[axis] * chain.shape[axis + 1]]
    chain.add("Reshape", chain.ints(*chain.shape))


def slice_(chain: Chain) -> None:
    axis = chain.axis(batch=False)
    size = chain.shape[axis]
    if size > 0:
        start = chain.draw(st.integers(0, size - 1))
        end = chain.draw(st.integers(start + 1, size + 2))
        chain.add("Slice", chain.ints(start - size), chain.ints(end), chain.ints(axis))
        chain.shape[axis] = min(end, size) - start


def gather(chain: Chain) -> None:
    axis = chain.axis()
    if len(chain.shape) > 1:
        size = chain.shape.pop(axis)
        index = chain.draw(st.integers(-size, size - 1)) if size > 0 else -1
        chain.add("Gather", chain.weight(np.array(index)), axis=axis)


def concat(chain: Chain) -> None:
    axis = chain.axis(batch=False)
    if chain.shape[axis] > 0:
        before = chain.value
        chain.add("Tanh")
        chain.add("Concat", before, axis=axis)
        chain.shape[axis] *= 2


def step(chain: Chain) -> None:
    axis = chain.axis(batch=False)
    size = chain.shape[axis]
    if size > 0:
        step = chain.draw(st.sampled_from([-2, -1, 2]))
        start = chain.draw(st.integers(0, size - 1))
        end = 2**31 - 1 if step > 0 else -(2**31)
        ends = [chain.ints(number) for number in (start, end, axis, step)]
        chain.add("Slice", *ends)
        chain.shape[axis] = len(range(size)[start::step])


def choose(chain: Chain) -> None:
    axis = chain.axis(batch=False)
    size = chain.shape[axis]
    if size > 0:
        shape = chain.draw(st.sampled_from([(1,), (3,), (2, 2)]))
        drawn = st.integers(-size, size - 1)
        indices = [chain.draw(drawn) for _ in range(int(np.prod(shape)))]
        chain.add("Gather", chain.weight(np.array(indices).reshape(shape)), axis=axis)
        chain.shape[axis : axis + 1] = shape


def part(chain: Chain) -> None:
    axis = chain.axis(batch=False)
    if chain.shape[axis] > 1:
        first = chain.draw(st.integers(1, chain.shape[axis] - 1))
        chain.add("Split", chain.ints(first, chain.shape[axis] - first), axis=axis)
        chain.nodes[-1].output.append(f"rest{len(chain.nodes)}")
        chain.shape[axis] = first


def reduce(chain: Chain) -> None:
    axes = [k for k, size in enumerate(chain.shape) if size > 0]
    if not axes:
        return
    some = sorted(chain.draw(st.sets(st.sampled_from(axes), min_size=1)))
    keep = len(some) == len(chain.shape) or chain.draw(st.booleans())
    kind = chain.draw(st.sampled_from(["Sum", "Mean", "Max", "Min"]))
    if kind == "Sum":
        chain.add("ReduceSum", chain.ints(*some), keepdims=int(keep))
    else:
        chain.add(f"Reduce{kind}", axes=some, keepdims=int(keep))
    left = [
        (1 if k in some else size) for k, size in enumerate(chain.shape) if keep or k not in some
    ]
    chain.shape = left


def softmax(chain: Chain) -> None:
    axis = chain.axis(batch=False)
    if chain.shape[axis] > 0:
        chain.add(chain.draw(st.sampled_from(["Softmax", "LogSoftmax"])), axis=axis)


def normalize(chain: Chain) -> None:
    if chain.shape[-1] > 1:
        chain.add("LayerNormalization", chain.floats(chain.shape[-1]), axis=-1, epsilon=0.1)
    if len(chain.shape) > 1 and chain.shape[1] > 0:
        channels = chain.shape[1]
        statistics = [chain.floats(channels) for _ in range(3)]
        chain.add("BatchNormalization", *statistics, chain.weight(np.ones(channels, np.float32)))


def conv(chain: Chain) -> None:
    if len(chain.shape) < 3 or chain.shape[1] < 0:
        return
    rows, kernel = chain.draw(st.integers(1, 4)), [1] * (len(chain.shape) - 2)
    chain.add("Conv", chain.floats(rows, chain.shape[1], *kernel), chain.floats(rows))
    chain.shape[1] = rows


def expand(chain: Chain) -> None:
    more = [chain.draw(st.integers(1, 2)) for _ in range(chain.draw(st.integers(0, 1)))]
    lengths = [2 if size == 1 and chain.draw(st.booleans()) else 1 for size in chain.shape]
    chain.add("Expand", chain.ints(*more, *lengths))
    chain.shape = more + [
        size if length == 1 else length for size, length in zip(chain.shape, lengths, strict=True)
    ]


def left_product(chain: Chain) -> None:
    if len(chain.shape) > 1 and chain.shape[-2] > 0:
        rows = chain.draw(st.integers(1, 4))
        chain.add("MatMul", chain.floats(rows, chain.shape[-2]), place=1)
        chain.shape[-2] = rows


def lstm(chain: Chain) -> None:
    if len(chain.shape) != 3 or chain.shape[2] < 0:
        return
    direction = chain.draw(st.sampled_from(["forward", "reverse", "bidirectional"]))
    d, hidden = 1 + (direction == "bidirectional"), chain.draw(st.integers(1, 3))
    weights = chain.floats(d, 4 * hidden, chain.shape[2]), chain.floats(d, 4 * hidden, hidden)
    chain.add("LSTM", *weights, direction=direction, hidden_size=hidden)
    chain.shape = [chain.shape[0], d, chain.shape[1], hidden]


LINKS: list[Callable[[Chain], None]] = [
    function, piecewise, clip, power, binary, extremes, div, where,
    matmul, gemm, transpose, unsqueeze, squeeze, split, merge, slice_, gather, concat,
    lstm, lstm, step, choose, part, reduce, softmax, normalize, conv, expand, left_product,
]  # fmt: skip


@st.composite
def chains(draw: st.DrawFn) -> Chain:
    chain = Chain(draw, [TIME, -1, FEATURES])
    for link in draw(st.lists(st.sampled_from(LINKS), min_size=1, max_size=8)):
        link(chain)
    if chain.value == "x":
        chain.add("Tanh")
    return chain


@settings(deadline=None)
@given(chain=chains())
def test_agrees_with_onnx_runtime(chain: Chain, bench: Bench) -> None:
    inputs = {"x": (TIME, "batch", FEATURES)}
    model = bench.model(chain.nodes, inputs, [chain.value], chain.weights)
    rng = np.random.default_rng(0)
    feeds = {"x": rng.normal(0, 1, (TIME, BATCH, FEATURES)).astype(np.float32)}
    module = bench.agree(model, feeds)
    (output,) = ports(module, "output")
    assert output.shape == tuple(chain.shape)
    expected = run(module, feeds)
    try:
        apply(module, "isolate-sample,canonicalize")
    except UserError as error:
        assert "isolate-sample: " in str(error)  # an axis that an LSTM calls the batch is mixed
        return
    bench.same(run(module, feeds), expected)
