"""Files of models with mistakes in them, made of files that have none."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from random import Random
from typing import Any, TypeAlias

import numpy as np
from onnx import ModelProto

from tests.frontends.conftest import Bench
from tests.frontends.operator_cases import CASES
from tests.frontends.sound import BESIDE, FRIENDLY, TINY, TINY_JSON, WEIGHTS, archive

Files: TypeAlias = dict[str, bytes]
"""The files of a folder; the first is the model."""
Place: TypeAlias = tuple[str | int, ...]

SCALARS: list[Any] = [
    None, True, False, 0, 1, -1, 2, 3, 7, 40, 2**31, 2**63 - 1, -(2**63), 2**63, 10**30, 0.5, -1.5, 1e38,
    1e300, "", "0", "-1", "3", "1e3", "9223372036854775807", "x", "y", "W", "h", "AACAPw==", "AA=", "NaN",
    "FLOAT", "INT64", "EXTERNAL", "w.npz", "zero.bin", "../w.npz", "/dev/zero", "LSTM", "Leaky", "Scan",
    "here", "forward", "reverse", "\u0663", "\u00e9\u0000", [], {}, [[]], [{}], [0], [1, 1], ["x"],
]  # fmt: skip
KEYS = [
    "name", "dims", "dataType", "rawData", "floatData", "int64Data", "int32Data", "values", "npz",
    "externalData", "dataLocation", "segment", "type", "shape", "elemType", "i", "f", "s", "t", "g", "ints",
    "floats", "strings", "refAttrName", "tensors", "input", "output", "attribute", "node", "overload",
    "domain", "hidden_size", "clip", "axis", "layout", "initializer", "sparseInitializer", "comment",
]  # fmt: skip


SIGNS = b'{}[]":,\\ntrue0123456789-+.eE xWh/\x00\xff'
BYTES = bytes([0, 1, 2, 3, 4, 7, 8, 16, 18, 34, 63, 64, 127, 128, 255, *b"xWhRys"])


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    """Every place in a JSON value, its root too."""
    yield place
    entries: Any = value.items() if isinstance(value, dict) else ()
    for key, inner in enumerate(value) if isinstance(value, list) else entries:
        yield from places(inner, (*place, key))


def at(value: Any, place: Place) -> Any:
    """What stands at a place."""
    for key in place:
        value = value[key]
    return value


def some_json(random: Random, depth: int = 2) -> Any:
    """A small value."""
    kind = random.randrange(4) if depth else 0
    if kind == 1:
        return [some_json(random, depth - 1) for _ in range(random.randrange(4))]
    if kind == 2:
        return {
            random.choice(KEYS): some_json(random, depth - 1) for _ in range(random.randrange(3))
        }
    return deepcopy(random.choice(SCALARS))


def of_the_same_kind(random: Random, value: Any) -> Any:
    """Another value, as the structure of models wants it there."""
    if isinstance(value, list):
        again = [random.choice(value) for _ in range(random.randrange(3))] if value else []
        return random.choice([value[1:], value[:-1], value[::-1], value + deepcopy(again)])
    if isinstance(value, dict):
        left_out = random.choice([*value, ""])
        return {key: inner for key, inner in value.items() if key != left_out}
    kinds = [type(value)] if isinstance(value, str) else [int, float]
    if isinstance(value, str) and value.lstrip("-").isdecimal():
        return random.choice(
            ["0", "1", "-1", "2", "3", "8", "100", "4096", str(2**31), str(2**63 - 1)]
        )
    return deepcopy(random.choice([each for each in SCALARS if type(each) in kinds]))


def with_other_values(random: Random, model: Any) -> None:
    """Something else stands in a place, or a field is added."""
    place = random.choice(list(places(model))[1:])
    holder = at(model, place[:-1])
    if random.random() < 0.7:
        holder[place[-1]] = of_the_same_kind(random, holder[place[-1]])
        return
    if isinstance(holder, dict) and random.random() < 0.5:
        place = (random.choice(KEYS),)
    holder[place[-1]] = some_json(random)


def with_values_moved(random: Random, model: Any) -> None:
    """What stands in one place stands in another too, or is missing."""
    everywhere = list(places(model))[1:]
    target, source = random.choice(everywhere), random.choice(everywhere)
    holder = at(model, target[:-1])
    if random.random() < 0.3:
        del holder[target[-1]]
    else:
        holder[target[-1]] = deepcopy(at(model, source))


def with_names_exchanged(random: Random, model: Any) -> None:
    """Nodes read each other's values: ranks, constants and lengths meet at random."""
    nodes = [each for each in model["graph"]["node"] if each.get("input")]
    names = sorted({name for each in nodes for name in each["input"] + each["output"]})
    chosen = random.choice(nodes)["input"]
    chosen[random.randrange(len(chosen))] = random.choice(names)


def with_other_entries(random: Random, model: Any) -> None:
    """A tensor says that it is in another file, and something of where."""
    tensor = random.choice(model["graph"]["initializer"])
    for data in ("rawData", "values", "npz"):
        if random.random() < 0.8:
            tensor.pop(data, None)
    kept = [each for each in tensor.get("externalData", []) if random.random() < 0.7]
    names = [
        "zero.bin",
        "w.npz",
        "model.json",
        ".",
        "",
        "../a",
        "/dev/zero",
        "a\0b",
        "link",
        "x" * 300,
    ]
    numbers = ["0", "4", "12", "16", "-1", "1e3", str(2**31), str(2**63), "9" * 50, "", "\u0663"]
    for _ in range(random.randrange(3)):
        key = random.choice(["location", "offset", "length", "checksum", "more"])
        value = random.choice(names if key == "location" else numbers)
        kept.append({"key": key, "value": value})
    tensor["externalData"] = kept
    tensor["dataLocation"] = random.choice(["EXTERNAL", 1, 0, "DEFAULT", 2, "x"])
    if random.random() < 0.5:
        tensor["dims"] = random.choice([[], [0], [1, 3], [2**62], ["1", "-3"], [2**40, 2**40], [4]])


def with_other_bytes(random: Random, data: bytes, alphabet: bytes) -> bytes:
    """Some bytes are others, stand elsewhere too, or are missing."""
    changed = bytearray(data)
    for _ in range(random.randrange(1, 4)):
        start = random.randrange(len(changed) + 1)
        end = min(len(changed), start + random.choice([0, 1, 1, 2, 4, 16]))
        kind = random.randrange(8)
        if kind == 0:
            del changed[start:end]
        elif kind == 1:
            source = random.randrange(len(changed) + 1)
            changed[start:start] = changed[source : source + random.choice([1, 4, 40])]
        elif kind == 2:
            changed[start:end] = bytes(random.choice(alphabet) for _ in range(4))
        else:
            changed[start:end] = bytes(random.choice(alphabet) for _ in range(end - start))
    return bytes(
        changed[: random.randrange(len(changed) + 1)] if random.random() < 0.1 else changed
    )


MUTATIONS: dict[str, Callable[[Random, Any], None]] = {
    "values": with_other_values,
    "moves": with_values_moved,
    "names": with_names_exchanged,
    "entries": with_other_entries,
}


def mapping(random: Random, kind: str) -> Files:
    """A model in JSON with one to three mutations of a kind."""
    model = deepcopy(random.choice([TINY_JSON, FRIENDLY]))
    for _ in range(random.randrange(1, 4)):
        try:
            MUTATIONS[kind](random, model)
        except (KeyError, TypeError, AttributeError, IndexError):
            break  # an earlier one has taken away what this one changes
    return {"model.json": json.dumps(model).encode(), **BESIDE}


@cache
def _operators() -> list[dict[str, Any]]:
    """A small model of each operator."""
    bench = Bench()
    return [bench.as_dict(case.model(bench)) for case in CASES.values()]


def operators(random: Random) -> Files:
    """A model of one operator with a mutation or two."""
    model = deepcopy(random.choice(_operators()))
    for _ in range(random.randrange(1, 3)):
        random.choice([with_other_values, with_values_moved])(random, model)
    return {"model.json": json.dumps(model).encode()}


def text(random: Random) -> Files:
    """A model in JSON with other characters."""
    model = json.dumps(random.choice([TINY_JSON, FRIENDLY])).encode()
    return {"model.json": with_other_bytes(random, model, SIGNS), **BESIDE}


def binary(random: Random) -> Files:
    """An `.onnx` file with other bytes."""
    return {"model.onnx": with_other_bytes(random, TINY, BYTES)}


def binary_entries(random: Random) -> Files:
    """An `.onnx` file whose tensors are in other files."""
    model = deepcopy(TINY_JSON)
    with_other_entries(random, model)
    proto = ModelProto.FromString(TINY)
    for tensor, changed in zip(proto.graph.initializer, model["graph"]["initializer"], strict=True):
        if "externalData" in changed:
            tensor.ClearField("raw_data")
            tensor.data_location = random.randrange(2)
            for entry in changed["externalData"]:
                tensor.external_data.add(**entry)
            tensor.dims[:] = [int(size) for size in changed.get("dims", []) if int(size) < 2**63]
    return {"model.onnx": proto.SerializeToString(), **BESIDE}


def damaged_archive(random: Random) -> Files:
    """An archive with other bytes, or with arrays whose headers say what they like."""
    save = random.choice([np.savez, np.savez_compressed])
    if random.random() < 0.4:
        whole = archive({name: WEIGHTS[name] for name in ("W", "R")}, save)
        data = with_other_bytes(random, whole, BYTES)
    else:
        data = _own_archive(random)
    return {"model.json": json.dumps(FRIENDLY).encode(), **BESIDE, "w.npz": data}


def _own_archive(random: Random) -> bytes:
    file = io.BytesIO()
    packing = random.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED] * 4 + [zipfile.ZIP_LZMA])
    with zipfile.ZipFile(file, "w", packing) as made:
        for name, shape in (("W", (1, 8, 3)), ("R", (1, 8, 2))):
            made.writestr(f"{name}.npy", _own_array(random, shape))
    data = file.getvalue()
    if random.random() < 0.3:  # a size in a directory
        said = struct.pack("<I", random.choice([0, 100, 2**26, 2**31, 2**32 - 1]))
        start = random.randrange(len(data) - 4)
        data = data[:start] + said + data[start + 4 :]
    return data


def _own_array(random: Random, shape: tuple[int, ...]) -> bytes:
    array = np.ones(
        shape, random.choice(["<f4"] * 6 + [">f4", "<f8", "<f2", "<i8", "?", "<u1", "<c8", "<U1"])
    )
    content = array.tobytes()
    said: Any = random.choice(
        [shape, shape, shape[::-1], (), (2**40,), (-1, -24), 24, ("x",), (True,)]
    )
    descr: Any = random.choice([array.dtype.str] * 9 + ["|O", "<f5", "f4,f4", ("<f4", (4,)), [], 3])
    header = repr({"descr": descr, "fortran_order": random.choice([True, False, 0]), "shape": said})
    if random.random() < 0.2:
        header = random.choice(["", "-" * 5000, "[" * 50, " " * 20_000, "{'descr': '<f4'}", "f()"])
    size = random.choice([len(header)] * 8 + [0, 2**16 - 1])
    version = random.choice([1, 1, 1, 2, 3, 9])
    start = b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", size)
    content = content if random.random() < 0.8 else content[: random.randrange(len(content))]
    return start + header.encode() + content


CAMPAIGNS: dict[str, Callable[[Random], Files]] = {
    "values": lambda random: mapping(random, "values"),
    "moves": lambda random: mapping(random, "moves"),
    "names": lambda random: mapping(random, "names"),
    "entries": lambda random: mapping(random, "entries"),
    "operators": operators,
    "text": text,
    "binary": binary,
    "binary entries": binary_entries,
    "archives": damaged_archive,
}
"""Each makes the files of a model, with the model first, that somebody has damaged in one way."""
