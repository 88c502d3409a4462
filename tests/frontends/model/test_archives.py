"""Weights in an archive (`.npz`) beside the model, which may be anything but harmless."""

from __future__ import annotations

import io
import re
import struct
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from lstmir.frontends.model import files
from lstmir.frontends.model.messages import Tensor
from lstmir.frontends.model.tensors import TensorReader
from lstmir.ir.diagnostics import EXIT_FINDING, UserError

READ = "float32, int32, int64, bool, float16, float64"
W = np.arange(6, dtype=np.float32).reshape(2, 3)


def read(folder: Path, **fields: Any) -> np.ndarray:
    mapping = {"name": "W", "npz": "w.npz", **fields}
    return TensorReader(folder).read(msgspec.convert(mapping, Tensor), mapping["name"])


def refusal(folder: Path, **fields: Any) -> str:
    with pytest.raises(UserError) as error:
        read(folder, **fields)
    assert error.value.exit_status == EXIT_FINDING
    return str(error.value).removeprefix("error: the tensor 'W' ")


ARRAYS: dict[str, np.ndarray] = {
    "matrix": W,
    "scalar": np.array(0.5, np.float32),
    "empty": np.zeros((0, 3), np.float32),
    "double": np.array([0.1]),
    "half": np.array([0.1], np.float16),
    "int64": np.array([-1, 2**62]),
    "int32": np.array([-1], np.int32),
    "bool": np.array([[True], [False]]),
    "fortran": np.asfortranarray(W),
    "big_endian": W.astype(">f4"),
    "big_endian_fortran": np.asfortranarray(W.astype(">f4")),
    "of_one_column": np.asfortranarray(W[:, :1]),
    "32_axes": np.ones([1] * 32, np.float32),
}


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed], ids=["stored", "packed"])
@pytest.mark.parametrize("name", ARRAYS)
def test_what_numpy_saves(name: str, save: Callable[..., None], tmp_path: Path) -> None:
    save(tmp_path / "w.npz", other=np.ones(2), W=ARRAYS[name])
    found = read(tmp_path)
    assert found.dtype == ARRAYS[name].dtype.newbyteorder("<")
    assert (found.shape, found.flags.c_contiguous) == (ARRAYS[name].shape, True)
    np.testing.assert_array_equal(found, ARRAYS[name])


def test_names_and_places(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    arrays: dict[str, Any] = {"fc/weight": W, "": W + 1}
    np.savez(tmp_path / "inner" / "weights", **arrays)
    assert read(tmp_path, name="fc/weight", npz="inner/weights.npz").tolist() == W.tolist()


def test_dims_and_type_may_be_said_too(tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", W=W)
    for more in ({"dims": [2, "3"]}, {"dataType": "FLOAT"}, {"dataType": 1, "dims": [2, 3]}):
        assert read(tmp_path, **more).shape == (2, 3)


TYPES = "1 (FLOAT), 6 (INT32), 7 (INT64), 9 (BOOL), 10 (FLOAT16), 11 (DOUBLE)"
CONTRADICTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "dims": ({"dims": [3, 2]}, "has the shape [2, 3], but dims [3, 2]"),
    "type": ({"dataType": "DOUBLE"}, "has elements of float32 in 'w.npz', but the dataType DOUBLE"),
    "unknown_type": (
        {"dataType": "STRING"},
        f"has the element type STRING; lstmir reads {TYPES}",
    ),
    "values": ({"values": [1]}, "has elements in two places: values and npz"),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_contradictions(name: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", W=W)
    fields, message = CONTRADICTIONS[name]
    assert refusal(tmp_path, **fields) == message


def test_a_tensor_without_a_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", W=W)
    with pytest.raises(UserError) as error:
        TensorReader(tmp_path).read(Tensor(npz="w.npz"), "value")
    assert str(error.value) == (
        "error: the tensor 'value' is in 'w.npz', but has no name there ('name')"
    )


def test_a_name_that_is_not_there(tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", w_ih=W, w_hh=W)
    with pytest.raises(UserError) as error:
        read(tmp_path, name="w_ii")
    assert str(error.value) == (
        "error: the tensor 'w_ii': 'w.npz' has no array 'w_ii'; did you mean 'w_ih'?"
    )


@pytest.mark.parametrize(
    "location", ["../w.npz", "/w.npz", "v.npz", "inner", "link"], ids=lambda each: each
)
def test_the_rules_of_files_hold(location: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    (folder / "inner").mkdir(parents=True)
    np.savez(tmp_path / "w.npz", W=W)
    (folder / "link").symlink_to("../w.npz")
    assert refusal(folder, npz=location).startswith(f"is stored in '{location}'")


class Harm:
    """What a pickle of this would do stays visible."""

    done = False

    def __reduce__(self) -> Any:
        return (setattr, (Harm, "done", True))


NOT_NUMBERS: dict[str, tuple[np.ndarray, str]] = {
    "object": (
        np.array([Harm()], object),
        "in 'w.npz' holds pickled Python objects, which could run code: save plain arrays",
    ),
    "object_in_record": (
        np.array([(Harm(), 1)], [("a", object), ("b", int)]),
        "in 'w.npz' holds pickled Python objects, which could run code: save plain arrays",
    ),
    "text": (np.array(["x"]), f"in 'w.npz' has elements of <U1; lstmir reads {READ}"),
    "uint8": (np.ones(1, np.uint8), f"in 'w.npz' has elements of uint8; lstmir reads {READ}"),
    "complex": (np.ones(1, complex), f"in 'w.npz' has elements of complex128; lstmir reads {READ}"),
    "record": (
        np.ones(1, [("a", "<f4")]),
        f"in 'w.npz' has elements of [('a', '<f4')]; lstmir reads {READ}",
    ),
    "nan": (np.array([np.nan]), ""),
    "33_axes": (np.ones([1] * 33, np.float32), "has 33 axes; lstmir takes at most 32"),
}


@pytest.mark.parametrize("name", NOT_NUMBERS)
def test_arrays_that_are_refused(name: str, tmp_path: Path) -> None:
    array, message = NOT_NUMBERS[name]
    np.savez(tmp_path / "w.npz", W=array)
    expected = message or "error: the weights 'W' hold NaN or infinity"
    assert refusal(tmp_path) == expected
    assert not Harm.done


def npy(
    shape: Any, data: bytes, descr: Any = "<f4", version: int = 1, fortran: Any = False
) -> bytes:
    """An array file with a header that says what it likes."""
    header = repr({"descr": descr, "fortran_order": fortran, "shape": shape}).encode() + b"\n"
    return of_header(header, data, version)


def of_header(header: bytes, data: bytes = b"", version: int = 1) -> bytes:
    size = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + size + header + data


def archive(
    content: bytes, compression: int = zipfile.ZIP_STORED, name: str = "W.npy", times: int = 1
) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as made, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a second member of one name
        for _ in range(times):
            made.writestr(name, content)
    return file.getvalue()


def lying(data: bytes, real: int, said: int) -> bytes:
    """An archive whose directories say another size."""
    return data.replace(struct.pack("<I", real), struct.pack("<I", said))


def broken(data: bytes, place: bytes) -> bytes:
    """An archive with one bit changed."""
    at = data.index(place)
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


SIXTEEN = npy((4,), bytes(range(16)))
MANY = (2**40, 2**40)
NESTED = ("<f4", (2**20,))
CODE = npy((4,), bytes(16)).replace(b"(4,)", b"f(4)")
ENCRYPTED = re.sub(
    rb"(PK\x03\x04..|PK\x01\x02....)\x00", b"\\g<1>\x01", archive(SIXTEEN), flags=re.S
)
CUT = "in 'w.npz' is damaged or cut short ("
NONE = "is stored in 'w.npz', which is no .npz archive as numpy.savez writes it ("
OTHER = "in 'w.npz' is packed in another way than numpy.savez_compressed does it"

# The message ends here, or goes on in the words of zipfile and numpy behind a parenthesis.
DAMAGED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", NONE),
    "one_array": (SIXTEEN, NONE),
    "pickle": (b"\x80\x04N.", NONE),
    "cut_archive": (archive(SIXTEEN)[:-30], NONE),
    "no_array": (archive(b"hello"), CUT),
    "cut_array": (archive(SIXTEEN[:-1]), "in 'w.npz' has 15 bytes; its shape [4] needs 16"),
    "long_array": (archive(SIXTEEN + b"x"), "in 'w.npz' has 17 bytes; its shape [4] needs 16"),
    "huge_shape": (
        archive(npy(MANY, bytes(4))),
        f"in 'w.npz' has 4 bytes; its shape {list(MANY)} needs {2**82}",
    ),
    "negative_shape": (
        archive(npy((-1, -4), bytes(16))),
        "in 'w.npz' has the shape [-1, -4]; no length can be negative",
    ),
    "shape_of_texts": (archive(npy(("4",), bytes(16))), CUT),
    "shape_that_is_none": (archive(npy(4, bytes(16))), CUT),
    "type_within_type": (
        archive(npy((4,), bytes(16), NESTED)),
        f"in 'w.npz' has elements of {NESTED}; lstmir reads {READ}",
    ),
    "type_that_is_none": (archive(npy((4,), bytes(16), "<f5")), CUT),
    "code": (archive(CODE), CUT),
    "deep_header": (archive(of_header(b"-" * 9000 + b"1")), CUT),
    "endless_header": (archive(of_header(b" " * 60_000)), CUT),
    "unknown_version": (archive(npy((4,), bytes(16), version=9)), CUT),
    "version_2": (
        archive(npy((1,), bytes(8), version=2)),
        "in 'w.npz' has 8 bytes; its shape [1] needs 4",
    ),
    "wrong_checksum": (broken(archive(SIXTEEN), bytes(range(16))), CUT),
    "size_that_is_a_lie": (
        lying(archive(SIXTEEN, zipfile.ZIP_DEFLATED), len(SIXTEEN), len(SIXTEEN) + 2**29),
        f"in 'w.npz' has {16 + 2**29} bytes; its shape [4] needs 16",
    ),
    "stored_size_that_is_a_lie": (lying(archive(SIXTEEN), len(SIXTEEN), 2**29), CUT),
    "twice": (
        archive(SIXTEEN, times=2),
        "is stored in 'w.npz', which has two arrays of one name",
    ),
    "other_packing": (archive(SIXTEEN, zipfile.ZIP_BZIP2), OTHER),
    "encrypted": (ENCRYPTED, CUT),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_archives_that_are_damaged(name: str, tmp_path: Path) -> None:
    data, message = DAMAGED[name]
    (tmp_path / "w.npz").write_bytes(data)
    found = refusal(tmp_path)
    assert found == message or (message.endswith("(") and found.startswith(message))


GIB = 2**30


def bomb(header: bytes, said: int) -> bytes:
    """An archive of some kilobytes whose array, it says, has so many bytes. It has 64 MiB of zeros."""
    content = header + bytes(2**26)
    return lying(archive(content, zipfile.ZIP_DEFLATED), len(content), len(header) + said)


BOMBS: dict[str, tuple[bytes, str]] = {
    "small_shape": (
        bomb(npy((4,), b""), 2**26),
        f"in 'w.npz' has {2**26} bytes; its shape [4] needs 16",
    ),
    "long_header": (bomb(b"\x93NUMPY\2\0" + struct.pack("<I", 2**26), 2**26), CUT),
    "above_the_limit": (
        bomb(npy((GIB // 4 * 3,), b""), 3 * GIB),
        "in 'w.npz' has 3 GiB: the files beside a model may hold 2 GiB",
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_do_not_go_off(name: str, tmp_path: Path) -> None:
    data, message = BOMBS[name]
    assert len(data) < 2**17
    (tmp_path / "w.npz").write_bytes(data)
    tracemalloc.start()
    found = refusal(tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == message or (message.endswith("(") and found.startswith(message))
    assert peak < 2**20


def test_an_archive_cannot_hold_more_than_it_holds(tmp_path: Path) -> None:
    """Both directories and the header agree on a gibibyte; 64 MiB are there."""
    header = npy((GIB // 4,), b"")
    (tmp_path / "w.npz").write_bytes(bomb(header, GIB))
    tracemalloc.start()
    message = refusal(tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert message == (
        f"in 'w.npz' is cut short: {len(header) + 2**26} bytes of {len(header) + GIB}"
    )
    assert peak < 2**28


def test_all_archives_together_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 200)
    np.savez(tmp_path / "w.npz", W=W)
    reader, tensor = TensorReader(tmp_path), Tensor(name="W", npz="w.npz")
    reader.read(tensor, "W")
    with pytest.raises(UserError) as error:
        reader.read(tensor, "W")
    assert str(error.value) == (
        "error: the tensor 'W' in 'w.npz' has 152 bytes: the files beside a model may hold 200 bytes"
    )
