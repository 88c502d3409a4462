"""The same straight-line programs as both compilers write them."""

from __future__ import annotations

from random import Random

_TO_MLIR = (
    ("module {", "builtin.module {"),
    ("func @main", "func.func @main"),
    ("arith.add", "arith.addf"),
    ("arith.mul", "arith.mulf"),
    ("return", "func.return"),
)


def straight_line(operations: int, *, twins: bool = False) -> str:
    """Sums and products of earlier values; with `twins` each stands twice, and both are read."""
    random = Random(operations)
    names = ["a", "b"]
    lines = []
    step = 2 if twins else 1
    for index in range(0, operations, step):
        name, left, right = random.choice(("add", "mul")), names[-1], random.choice(names[-20:])
        for twin in range(index, index + step):
            lines.append(f"    %v{twin} = arith.{name} %{left}, %{right} : f32")
            names.append(f"v{twin}")
    body = "\n".join(lines)
    head = "module {\n  func @main(%a: f32, %b: f32) -> f32 {\n"
    return f"{head}{body}\n    return %{names[-1]} : f32\n  }}\n}}\n"


def as_mlir(text: str) -> str:
    """The program in the names of MLIR's own dialects."""
    for ours, theirs in _TO_MLIR:
        text = text.replace(ours, theirs)
    return text


def one_constant(mebibytes: int) -> str:
    """A module that holds little but the bytes of one array."""
    elements = mebibytes * 2**18
    digits = Random(0).randbytes(4 * elements).hex()
    # No exponent of all ones: those are infinite, or no numbers.
    finite = "3f".join(digits[k : k + 6] for k in range(0, len(digits), 8)) + "3f"
    type_ = f"tensor<{elements}xf32>"
    return (
        f"module {{\n  func @main() -> {type_} {{\n    %w = tensor.constant @w : {type_}\n"
        f'    return %w : {type_}\n  }}\n}}\n{{-# resources: {{\n  w: "0x{finite}"\n}} #-}}\n'
    )
