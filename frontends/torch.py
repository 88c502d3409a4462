"""PyTorch modules as modules of level 1, through PyTorch's own ONNX exporters."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from lstmir.frontends.exporters.arguments import Arguments, Axes, check_names, leaves
from lstmir.frontends.exporters.exported import import_exported
from lstmir.ir.diagnostics import UserError
from lstmir.ir.interface import ports
from lstmir.ir.module import Module

if TYPE_CHECKING:
    import torch

BATCH, TIME = "batch", "time"


def export(
    module: torch.nn.Module,
    example: Any,
    *,
    path: str | Path | None = None,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    any_length: bool = False,
    dynamic_axes: Axes | None = None,
    dynamo: bool | None = None,
) -> Module:
    """What a PyTorch module computes for inference, verified IR of level 1.

    `example` is what the module is called with: a tensor, or a tuple of arguments, which may be
    nested as in `(x, (h0, c0))`. The axis that the recurrent layers take as their batch may have any
    length; with `any_length` so may that of their time steps. To say yourself which axes of the
    inputs are free, give `dynamic_axes` as `torch.onnx.export` takes them.

    Inputs are called as the parameters of `forward` and outputs `output`, or `output_0`, …, unless
    `inputs` and `outputs` name them, nested ones in order. The model is left at `path` if there is
    one. `dynamo` chooses PyTorch's newer exporter (True) or the TorchScript one (False); if it is
    None, the newer one is taken wherever it can say what is asked: it fixes the number of steps of
    most recurrent layers, and writes out every step of an `nn.RNN`.

    The module is exported in evaluation mode, and is in the mode it had afterwards. Raises
    `UserError` if torch is missing, if PyTorch cannot export the module, or if lstmir cannot
    express it.
    """
    torch = _torch()
    arguments = Arguments(module, example, inputs, torch.Tensor)
    if any(getattr(part, "proj_size", 0) for part in module.modules()):
        raise UserError(
            "an nn.LSTM with proj_size has no form in ONNX: neither exporter writes what it computes"
        )
    if dynamo is None:
        dynamo = not any_length and not any(isinstance(m, torch.nn.RNN) for m in module.modules())
    with _evaluating(module), TemporaryDirectory() as folder:
        exporter = _Exporter(torch, module, arguments, outputs, dynamo)
        target = Path(folder) / f"{type(module).__name__}.onnx" if path is None else Path(path)
        if dynamic_axes is None:
            found = exporter.imported(Path(folder) / "fixed.onnx", {})
            dynamic_axes = _free_axes(found, any_length)
            arguments.widen(dynamic_axes)
        result = exporter.imported(target, dynamic_axes)
    _check_free(result, dynamic_axes, dynamo)
    return result


def _torch() -> Any:
    try:
        import onnxscript  # noqa: F401  (the newer exporter needs it)
        import torch
    except ImportError as error:
        raise UserError(
            f"to export a PyTorch module, install {error.name}: pip install 'lstmir[torch]'"
        ) from error
    return torch


class _Exporter:
    def __init__(
        self,
        torch: Any,
        module: torch.nn.Module,
        arguments: Arguments,
        outputs: Sequence[str] | None,
        dynamo: bool,
    ) -> None:
        self.torch, self.module, self.arguments, self.dynamo = torch, module, arguments, dynamo
        self.outputs = self._output_names(outputs)

    def _output_names(self, given: Sequence[str] | None) -> list[str]:
        with self.torch.no_grad():
            results = list(leaves(self.module(*self.arguments.values)))
        if given:
            check_names(given, results, "outputs")
            return list(given)
        return ["output"] if len(results) == 1 else [f"output_{k}" for k in range(len(results))]

    def imported(self, path: Path, axes: Axes) -> Module:
        """Export to a file, and import that."""
        names = {"input_names": self.arguments.names, "output_names": self.outputs}
        options = self._newer(axes) if self.dynamo else self._older(axes)
        try:
            with _quiet():
                self.torch.onnx.export(
                    self.module, self.arguments.values, str(path), **names, **options
                )
        except Exception as error:
            line = str(error.__cause__ or error).strip().partition("\n")[0]
            raise UserError(f"PyTorch cannot export this module: {line}") from error
        return import_exported(path)

    def _newer(self, axes: Axes) -> dict[str, Any]:
        roles = {role for free in axes.values() for role in free.values()}
        dims = {role: self.torch.export.Dim(role) for role in roles}
        shapes = self.arguments.shapes(axes, dims) if axes else None
        return {
            "dynamo": True, "opset_version": 18, "external_data": False, "verbose": False,
            "dynamic_shapes": shapes,
        }  # fmt: skip

    def _older(self, axes: Axes) -> dict[str, Any]:
        free = {name: dict(roles) for name, roles in axes.items()}
        return {"dynamo": False, "opset_version": 17, "dynamic_axes": free}


def _free_axes(module: Module, any_length: bool) -> Axes:
    """Which axes of the inputs the recurrent layers take as batch and, if asked, as time."""
    axes: dict[str, dict[int, str]] = {}
    for port in ports(module, "input"):
        roles = {port.batch: BATCH, port.time: TIME if any_length else None}
        axes[port.name] = {k: role for k, role in roles.items() if k is not None and role}
    if not any(BATCH in free.values() for free in axes.values()):
        raise UserError(
            "no recurrent layer tells which axis of the inputs is the batch; say it yourself:"
            " dynamic_axes={'x': {0: 'batch'}}, or dynamic_axes={} if all lengths are fixed"
        )
    return axes


def _check_free(module: Module, axes: Axes, dynamo: bool) -> None:
    shapes = {port.name: port.shape for port in ports(module, "input")}
    for name, free in axes.items():
        for axis, role in free.items():
            if shapes[name][axis] < 0:
                continue
            why = (
                "; its newer exporter does so for most recurrent layers: leave dynamo out, or set it to False"
                if dynamo and role == TIME
                else ": does the module use a number where the length of its input is meant? With"
                " dynamic_axes={} all lengths are those of the example"
            )
            raise UserError(
                f"PyTorch fixed the {role} of input '{name}' at {shapes[name][axis]}{why}"
            )


@contextmanager
def _evaluating(module: torch.nn.Module) -> Iterator[None]:
    modes = {part: part.training for part in module.modules()}
    module.eval()
    try:
        yield
    finally:
        for part, training in modes.items():
            part.training = training


@contextmanager
def _quiet() -> Iterator[None]:
    """Neither the exporters' progress nor their warnings."""
    with warnings.catch_warnings(), redirect_stdout(StringIO()):
        warnings.simplefilter("ignore")
        yield
