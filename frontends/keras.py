"""Keras models as modules of level 1, through Keras's own ONNX exporter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from lstmir.frontends.exporters.exported import import_exported
from lstmir.frontends.model.names import identifier
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Module

if TYPE_CHECKING:
    import keras


def export(
    model: keras.Model, *, path: str | Path | None = None, outputs: Sequence[str] | None = None
) -> Module:
    """What a Keras model computes for inference, verified IR of level 1.

    Axes are free where the model's `Input` leaves them open: the batch, and the time steps of
    `Input((None, features))`. Inputs are called as their `Input`, outputs as the layers that give
    them unless `outputs` names them. The ONNX file is left at `path` if there is one.

    Keras writes LSTM layers as such with its TensorFlow backend only; dropout is taken off while it
    does, since it would write loops otherwise. Raises `UserError` if a package is missing, under
    another backend, and for what lstmir cannot express.
    """
    keras = _keras()
    with TemporaryDirectory() as folder:
        target = Path(folder) / f"{identifier(model.name)}.onnx" if path is None else Path(path)
        with _without_dropout(model):
            _call_once(keras, model)
            model.export(str(target), format="onnx", verbose=False)
        _name_outputs(target, _output_names(model) if outputs is None else outputs)
        try:
            return import_exported(target)
        except UserError as error:
            if "(Loop)" not in error.diagnostics[0].message:
                raise
            raise UserError(
                f"Keras writes one of these layers as a loop, not as a layer: {_loops(model)};"
                " it does so for all but LSTM layers, and for these if they are given a mask, or"
                " functions of their gates other than sigmoid"
            ) from error


def _keras() -> Any:
    try:
        import keras
        import onnx  # noqa: F401
        import tensorflow  # noqa: F401
        import tf2onnx  # noqa: F401
    except ImportError as error:
        raise UserError(
            f"to export a Keras model, install {error.name}: pip install 'lstmir[keras]'"
        ) from error
    if keras.backend.backend() != "tensorflow":
        raise UserError(
            f"Keras writes out every step of a layer with its backend {keras.backend.backend()}: save"
            " the model (model.save('model.keras')), and load and export it in a process where"
            " KERAS_BACKEND=tensorflow"
        )
    return keras


def _call_once(keras: Any, model: keras.Model) -> None:
    """Keras exports what has been called."""
    if not getattr(model, "inputs", None):
        raise UserError(
            f"the model '{model.name}' does not tell its inputs: make one that does,"
            " x = keras.Input((steps, features)); keras.Model(x, model(x))"
        )
    shapes = [[1 if size is None else size for size in value.shape] for value in model.inputs]
    zeros = [keras.ops.zeros(shape) for shape in shapes]
    model(zeros if len(zeros) > 1 else zeros[0])


@contextmanager
def _without_dropout(model: keras.Model) -> Iterator[None]:
    """For dropout inside of the recurrence, Keras takes an implementation that becomes a loop."""
    dropped = [layer.cell for layer in _recurrent(model) if hasattr(layer.cell, "implementation")]
    had = [(cell.recurrent_dropout, cell.implementation) for cell in dropped]
    try:
        for cell in dropped:
            cell.recurrent_dropout, cell.implementation = 0.0, 2
        yield
    finally:
        for cell, (rate, implementation) in zip(dropped, had, strict=True):
            cell.recurrent_dropout, cell.implementation = rate, implementation


def _recurrent(model: keras.Model) -> list[Any]:
    return [layer for layer in model._flatten_layers() if hasattr(layer, "cell")]


def _loops(model: keras.Model) -> str:
    return ", ".join(f"'{each.name}' ({type(each).__name__})" for each in _recurrent(model))


def _output_names(model: keras.Model) -> list[str]:
    """The names of the layers that give the outputs; those of one layer are numbered."""
    names: list[str] = getattr(model, "output_names", None) or [model.layers[-1].name]
    seen = [names[:place].count(name) for place, name in enumerate(names)]
    return [f"{n}_{k}" if names.count(n) > 1 else n for n, k in zip(names, seen, strict=True)]


def _name_outputs(path: Path, names: Sequence[str]) -> None:
    """Rename the outputs of a model file, which Keras calls `Identity:0`, `Identity_1:0`, …"""
    import onnx

    proto = onnx.load(path)
    graph = proto.graph
    if len(names) != len(graph.output):
        raise UserError(
            f"the model has {len(graph.output)} outputs, but {len(names)} names are given"
        )
    new = {old.name: name for old, name in zip(graph.output, names, strict=True)}
    for value in graph.output:
        value.name = new[value.name]
    for node in graph.node:
        node.input[:] = [new.get(name, name) for name in node.input]
        node.output[:] = [new.get(name, name) for name in node.output]
    onnx.save(proto, path)
