"""Whatever stands in a file, it is imported or refused with a `UserError`."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import ModelProto, helper, numpy_helper

from lstmir.frontends.check_model import check_model
from lstmir.frontends.importer import import_model
from lstmir.frontends.read import read_model
from lstmir.ir.diagnostics import UserError
from lstmir.ir.verify import verify

if TYPE_CHECKING:
    from tests.frontends.conftest import Bench

Place = tuple[str | int, ...]


# An LSTM with a constant initial state of the batch's length, and a head: every kind of field.
node = helper.make_node
WEIGHTS: dict[str, np.ndarray] = {
    "W": np.ones((1, 8, 3), np.float32),
    "R": np.ones((1, 8, 2), np.float32),
    "w": np.ones((2, 2), np.float32),
    "axes": np.array([0], np.int64),
    "second": np.array(1, np.int64),
    "one": np.array([1], np.int64),
    "two": np.array([2], np.int64),
}
NODES = [
    node("Shape", ["x"], ["s"]),
    node("Gather", ["s", "second"], ["n"], axis=0),
    node("Unsqueeze", ["n", "axes"], ["n1"]),
    node("Concat", ["one", "n1", "two"], ["shape"], axis=0),
    node(
        "ConstantOfShape", ["shape"], ["h0"], value=numpy_helper.from_array(np.ones(1, np.float32))
    ),
    node("LSTM", ["x", "W", "R", "", "", "h0"], ["y", "h"], hidden_size=2, direction="forward"),
    node("Slice", ["y", "axes", "one", "axes"], ["cut"]),
    node("Squeeze", ["h", "axes"], ["last"]),
    node("Gemm", ["last", "w"], ["logits"], alpha=0.5, transB=1),
    node("Flatten", ["logits"], ["flat"], axis=1),
    node("Transpose", ["flat"], ["t"], perm=[1, 0]),
]


def attempt(model: Any) -> None:
    """Import a model, if it is not refused, and verify the module."""
    try:
        check_model(model, "m")
        module = import_model(model, "m")
    except UserError as error:
        assert str(error).startswith("error: ")
        return
    verify(module)


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    """Every place in a JSON value."""
    yield place
    if isinstance(value, dict):
        entries: Any = value.items()
    else:
        entries = enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield from places(inner, (*place, key))


def at(value: Any, place: Place) -> Any:
    for key in place:
        value = value[key]
    return value


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 40)
    | st.sampled_from(
        [2**31, 2**63 - 1, -(2**63), 2**63, "0", "-1", "3", "1e3", "x", "", "AACAPw=="]
    )
    | st.floats()
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory, bench: Bench) -> Path:
    model = bench.model(NODES, {"x": (4, "batch", 3)}, ["t", "cut"], WEIGHTS)
    path = tmp_path_factory.mktemp("fuzz") / "tiny.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def test_the_model_itself_is_imported(tiny: Path, bench: Bench) -> None:
    feeds = {"x": np.linspace(-1, 1, 60, dtype=np.float32).reshape(4, 5, 3)}
    bench.agree(ModelProto.FromString(tiny.read_bytes()), feeds)


@settings(deadline=None)
@given(data=st.data())
def test_other_values(tiny: Path, data: st.DataObject) -> None:
    model = read_model(tiny)
    for _ in range(data.draw(st.integers(1, 2))):
        place = data.draw(st.sampled_from(list(places(model))[1:]))
        at(model, place[:-1])[place[-1]] = data.draw(JSON)
    attempt(model)


@settings(deadline=None)
@given(data=st.data())
def test_values_moved_or_missing(tiny: Path, data: st.DataObject) -> None:
    model = read_model(tiny)
    for _ in range(data.draw(st.integers(1, 2))):
        everywhere = st.sampled_from(list(places(model))[1:])
        target, source = data.draw(everywhere), data.draw(st.none() | everywhere)
        holder = at(model, target[:-1])
        if source is None:
            del holder[target[-1]]
        else:
            holder[target[-1]] = copy.deepcopy(at(model, source))
    attempt(model)


@settings(deadline=None)
@given(data=st.data())
def test_names_exchanged(tiny: Path, data: st.DataObject) -> None:
    """Nodes read each other's values: ranks, constants and lengths meet at random."""
    model = read_model(tiny)
    nodes = model["graph"]["node"]
    names = st.sampled_from(
        sorted({name for node in nodes for name in node["input"] + node["output"]})
    )
    for _ in range(data.draw(st.integers(1, 4))):
        node = data.draw(st.sampled_from(nodes))
        node["input"][data.draw(st.integers(0, len(node["input"]) - 1))] = data.draw(names)
    attempt(model)


@settings(deadline=None)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 2000), st.binary(max_size=3)), min_size=1, max_size=4
    ),
    end=st.none() | st.integers(0, 2000),
)
def test_other_bytes(tiny: Path, changes: list[tuple[int, bytes]], end: int | None) -> None:
    data = bytearray(tiny.read_bytes())
    for start, new in changes:
        data[start : start + len(new)] = new
    path = tiny.with_name("changed.onnx")
    path.write_bytes(data[:end])
    try:
        model = read_model(path)
    except UserError:
        return
    attempt(model)
