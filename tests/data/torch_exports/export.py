"""Exports the networks of `models.py` with both of PyTorch's exporters, and what PyTorch makes of them.

    python -m tests.data.torch_exports.export FOLDER [--seed N] [--full]

writes FOLDER/models.zip (`torchscript/NAME.onnx`, `dynamo/NAME.onnx`) and FOLDER/arrays.npz
(`NAME/CASE/INPUT`, `NAME/CASE/OUTPUT`; a case is a batch and a length, `b3_t5`). Weights are few
multiples of 1/16, which compress well; with `--full` they are random numbers of all bits.
Needs torch, onnx and onnxscript.
"""

from __future__ import annotations

import argparse
import io
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch

from tests.data.torch_exports.models import CONFIGS, FEATURES, NETWORKS, Config, Network

EXPORTERS = ("torchscript", "dynamo")
BATCHES, LENGTHS = (1, 3), (5, 2)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--full", action="store_true")
    options = parser.parse_args(arguments)
    rng = np.random.default_rng(options.seed)
    arrays: dict[str, np.ndarray] = {}
    path = options.folder / "models.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for config in CONFIGS:
            network = NETWORKS[config.around](config).eval()
            _fill(network, rng, options.full)
            arrays |= _cases(network, rng)
            for exporter in EXPORTERS:
                entry = zipfile.ZipInfo(f"{exporter}/{config.name}.onnx")
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, _exported(network, exporter), compresslevel=9)
    np.savez_compressed(options.folder / "arrays.npz", allow_pickle=False, **arrays)


def _fill(network: Network, rng: np.random.Generator, full: bool) -> None:
    with torch.no_grad():
        for parameter in network.parameters():
            coarse = rng.integers(-2, 3, parameter.shape) / 16
            fine = rng.uniform(-0.125, 0.125, parameter.shape)
            parameter.copy_(torch.from_numpy(coarse + fine if full else coarse))


def _cases(network: Network, rng: np.random.Generator) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    config = network.config
    for batch in BATCHES:
        for length in LENGTHS if config.any_time else LENGTHS[:1]:
            inputs = _inputs(config, batch, length, rng)
            with torch.no_grad():
                results = network(*(torch.from_numpy(array) for array in inputs))
            results = results if isinstance(results, tuple) else (results,)
            names = [*_input_names(config), *_output_names(config)]
            for name, array in zip(names, [*inputs, *(r.numpy() for r in results)], strict=True):
                found[f"{config.name}/b{batch}_t{length}/{name}"] = array
    return found


def _inputs(config: Config, batch: int, length: int, rng: np.random.Generator) -> list[np.ndarray]:
    x = (batch, length, FEATURES) if config.batch_first else (length, batch, FEATURES)
    state = (config.layers * config.directions, batch, config.hidden)
    shapes = [x, *[state] * config.states]
    return [rng.uniform(-1, 1, shape).astype(np.float32) for shape in shapes]


def _input_names(config: Config) -> list[str]:
    return ["x", *["h0", "c0"][: config.states]]


def _output_names(config: Config) -> list[str]:
    return ["y", *["hn", "cn"][: config.states]]


def _exported(network: Network, exporter: str) -> bytes:
    """The bytes of the model, without what names the machine that it was exported on."""
    file = io.BytesIO()
    config = network.config
    # A batch of one would be taken for an axis that can be left out, a length of one likewise.
    inputs = _inputs(config, 2, LENGTHS[0], np.random.default_rng(0))
    arguments = tuple(torch.from_numpy(array) for array in inputs)
    named = {"input_names": _input_names(config), "output_names": _output_names(config)}
    if exporter == "torchscript":
        axes = {name: {1: "batch"} for name in [*named["input_names"], *named["output_names"]]}
        axes |= {"x": _free(config), "y": _free_result(config)}
        torch.onnx.export(
            network, arguments, file, dynamo=False, opset_version=17, dynamic_axes=axes, **named
        )
    else:
        # This exporter fixes the number of steps of most recurrent layers, whatever is asked.
        batch = torch.export.Dim("batch")
        states = tuple({1: batch} for _ in range(config.states))
        shapes = ({config.batch: batch}, states) if states else ({config.batch: batch},)
        program = torch.onnx.export(
            network, arguments, dynamo=True, opset_version=18, dynamic_shapes=shapes, **named
        )
        program.save(file, external_data=False)
    return _without_traces(onnx.load_from_string(file.getvalue()))


def _free(config: Config) -> dict[int, str]:
    axes = {config.batch: "batch"}
    return axes | {1 - config.batch: "time"} if config.any_time else axes


def _free_result(config: Config) -> dict[int, str]:
    return {0: "batch"} if config.around in ("last", "final") else _free(config)


def _without_traces(model: onnx.ModelProto) -> bytes:
    """The dynamo exporter says of each node which line of which file it comes from."""
    graph = model.graph
    values = [*graph.input, *graph.output, *graph.value_info, *graph.initializer]
    for part in [model, graph, *graph.node, *values]:
        part.ClearField("doc_string")
        part.ClearField("metadata_props")
    return bytes(model.SerializeToString(deterministic=True))


if __name__ == "__main__":
    main(sys.argv[1:])
