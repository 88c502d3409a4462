"""Codes and exponents by gate: what `assign-bitwidths` chooses, and what `quantize` rounds to."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.interpreter.run import run_samples
from lstmir.ir.captures import retype
from lstmir.ir.encodings import Bank, Block, Element, Empty, Encoding, Row, Scale, Storage
from lstmir.ir.module import Module
from lstmir.ir.operation import Operation
from lstmir.ir.types import TensorType, element_of
from lstmir.numeric.arrays import to_real
from lstmir.numeric.codes import Code, Integer, Midrise, Ternary
from lstmir.numeric.compensation import round_nearest
from lstmir.numeric.exponents import Part, choose_exponents
from lstmir.numeric.fixed import FixedType
from lstmir.passes.formats.asked import split_gates
from lstmir.passes.formats.coded import (
    encoding_of,
    format_of,
    is_coded,
    lacks_zeros,
    live_of,
    parts_of,
    rows_of,
)
from lstmir.syntax.parser import parse_module
from lstmir.syntax.printer import print_module
from tests.passes.levels import FEW, FRONT, apply, refusal
from tests.strategies.encodings import pattern_for
from tests.strategies.networks import Network, networks

CODES: list[Code | None] = [
    None, Midrise(1), Midrise(1), Midrise(2), Ternary(), Integer(2), Integer(3), Integer(5),
]  # fmt: skip
SCALES = [None, Scale("row", 2), Scale("row", 4), Scale("gate", 1), Scale("gate", 4)]
QUANTIZE = [
    "quantize",
    "quantize{rounding=compensated}",
    "quantize{rounding=compensated bias=correct}",
]
MATRICES = ("w", "r", "dense_W")


def matrices(module: Module) -> dict[str, Operation]:
    """The constants that are multiplied, by their names before quantization."""
    found = {
        op.attributes["resource"].removesuffix("_q").removesuffix("_pruned"): op
        for op in module.walk()
        if op.name == "tensor.constant"
    }
    return {name: found[name] for name in MATRICES if name in found}


def storage(part: np.ndarray, random: Random) -> Storage:
    """Any storage that some of the weights of a gate can have."""
    rows, columns = part.shape
    pattern = pattern_for(rows, columns, random) if random.random() < 0.5 else None
    code = random.choice(CODES)
    found = Storage(pattern, code, random.choice(SCALES) if code else None)
    return replace(found, pattern=None) if lacks_zeros(found, part) else found


def encode(module: Module, random: Random) -> None:
    """Give the matrices random encodings, and zero what these leave out."""
    for name, op in matrices(module).items():
        array = module.resources[op.attributes["resource"]].copy()
        gates = random.choice([g for g in (1, 2, 4) if len(array) % g == 0])
        stored = []
        for part in np.split(array, gates):
            each = storage(part, random)
            if each.pattern is not None:
                part *= each.pattern.cut(part.shape).largest(np.abs(part))
            stored.append(each)
        if stored == [Storage()]:
            continue
        resource = module.add_resource(f"{name}_cut", array)
        op.attributes["resource"] = resource
        assert isinstance(op.result.type, TensorType)
        retype(op.result, replace(op.result.type, encoding=Encoding(tuple(stored))))


def reals(module: Module) -> dict[str, np.ndarray]:
    found = {}
    for name, op in matrices(module).items():
        element, array = element_of(op.result.type), module.resources[op.attributes["resource"]]
        found[name] = (
            to_real(array, element) if isinstance(element, FixedType) else array.astype(float)
        )
    return {name.removesuffix("_cut"): array for name, array in found.items()}


@settings(FEW, max_examples=40)
@given(networks(), st.integers(0, 2**16), st.sampled_from([1, 2, 3, 8]), st.sampled_from(QUANTIZE))
def test_every_gate_has_the_code_that_it_was_given(
    network: Network, seed: int, weights: int, quantize: str
) -> None:
    """Every module is verified on the way: codes, patterns, integers in their types."""
    floats, data = apply(network.module(), FRONT), network.data(4, 4)
    encode(floats, Random(seed))
    asked = {op.attributes["resource"]: encoding_of(op.result) for op in floats.walk()
             if op.name == "tensor.constant"}  # fmt: skip
    apply(floats, f"calibrate,assign-bitwidths{{weights={weights}}}", data)
    before = {op.attributes["resource"]: floats.resources[op.attributes["resource"]]
              for op in floats.walk() if op.name == "tensor.constant"}  # fmt: skip
    fixed = apply(floats, quantize)
    coded = 0
    for op in fixed.walk():
        if op.name != "tensor.constant" or not is_coded(encoding_of(op.result)):
            continue
        coded += 1
        name, encoding = op.attributes["resource"].removesuffix("_q"), encoding_of(op.result)
        given_, array = asked[name], fixed.resources[op.attributes["resource"]]
        assert encoding is not None
        given_ = given_ if given_ and len(given_.gates) > 1 else encoding
        for gate, other, part, weights_ in zip(
            encoding.gates, given_.gates, np.split(array, len(encoding.gates)),
            np.split(before[name], len(encoding.gates)), strict=True,
        ):  # fmt: skip
            assert gate.pattern == other.pattern
            assert (gate.code, gate.scale) == (other.code or gate.code, other.scale or gate.scale)
            assert gate.code is not None or gate.pattern == Empty()
            assert not part[~live_of(weights_, gate)].any()
    assert coded or not any(map(is_coded, asked.values()))
    run_samples(fixed, [data])


@settings(FEW, max_examples=25)
@given(networks(), st.sampled_from([*CODES[1:]]), st.sampled_from(["row", "gate", "none"]))
def test_nearest_weights_are_nearest(network: Network, code: Code, scale: str) -> None:
    """Given its exponent, no weight of a recurrent matrix has a nearer code."""
    text = {Midrise: "midrise:{}", Ternary: "ternary", Integer: "integer:{}"}[type(code)]
    name = text.format(getattr(code, "bits", 0))
    pipeline = f"{FRONT},calibrate,assign-bitwidths{{codes={name} scale={scale}}}"
    floats = apply(network.module(), pipeline, network.data(4, 4))
    before = reals(floats)
    fixed = apply(floats, "quantize")
    for name, op in matrices(fixed).items():
        encoding = encoding_of(op.result)
        if encoding is None:
            assert name == "dense_W"
            continue
        (gate,), array = encoding.gates, fixed.resources[op.attributes["resource"]]
        assert gate.code == code and (gate.scale is None) == (scale == "none")
        element = element_of(op.result.type)
        assert isinstance(element, FixedType)
        largest = 0 if gate.scale is None else gate.scale.largest
        errors = []
        for exponent in range(largest + 1):
            unit = element.lsb * 2.0**exponent
            nearest = code.nearest(before[name] / unit) * unit
            # Of two that are as near, either.
            near = np.isclose(np.abs(to_real(array, element) - before[name]),
                              np.abs(nearest - before[name]), rtol=1e-9, atol=0)  # fmt: skip
            errors.append(near.all(axis=1))
        assert np.logical_or.reduce(errors).all()


@settings(FEW, max_examples=30)
@given(networks(), st.integers(0, 2**16))
def test_no_sum_changes_more_than_with_the_nearest(network: Network, seed: int) -> None:
    """Over the calibration data, all rows of a sum together: some share their exponent."""
    floats, data = apply(network.module(), FRONT), network.data(12, 4)
    encode(floats, Random(seed))
    apply(floats, "calibrate,assign-bitwidths", data)
    text, before = print_module(floats), reals_of_sums(floats)
    grams = {op.result.name: floats.resources[op.attributes["gram"]["resource"]][:-1, :-1]
             for op in floats.walk() if "gram" in op.attributes}  # fmt: skip
    changes = []
    for quantize in QUANTIZE[:2]:
        after = reals_of_sums(apply(parse_module(text), quantize))
        changes.append({
            total: np.einsum("ij,jk,ik->", after[total] - before[total], gram,
                             after[total] - before[total])
            for total, gram in grams.items()
        })  # fmt: skip
    plain, compensated = changes
    for total, gram in grams.items():
        assert compensated[total] <= plain[total] + 1e-9 * np.abs(gram).max()


def reals_of_sums(module: Module) -> dict[str | None, np.ndarray]:
    """The matrices of each sum side by side, as real numbers."""
    found: dict[str | None, np.ndarray] = {}
    for name, op in _constants(module).items():
        element, array = element_of(op.result.type), module.resources[op.attributes["resource"]]
        real = to_real(array, element) if isinstance(element, FixedType) else array
        total = "y" if name.startswith("dense") else "z"
        found[total] = np.concatenate([found[total], real], axis=1) if total in found else real
    return found


def _constants(module: Module) -> dict[str, Operation]:
    constants = [op for op in module.walk() if op.name == "tensor.constant"]
    named = {
        op.attributes["resource"].removesuffix("_q").removesuffix("_cut"): op for op in constants
    }
    return {name: named[name] for name in MATRICES if name in named}


def test_by_gate_in_the_order_of_the_rows() -> None:
    network = Network(features=5, hidden=4)
    options = 'codes="midrise:1 ternary midrise:2 integer:4" weights=5'
    floats = apply(
        network.module(), f"{FRONT},calibrate,assign-bitwidths{{{options}}}", network.data(4, 4)
    )
    scale = Scale("row", 4)
    wanted = Encoding(tuple(
        Storage(None, code, scale) for code in (Midrise(1), Ternary(), Midrise(2), Integer(4))
    ))  # fmt: skip
    found = matrices(apply(floats, "quantize"))
    assert [encoding_of(op.result) for op in found.values()] == [wanted, wanted, None]
    assert element_of(found["dense_W"].result.type).width == 5


def test_a_sign_is_stored_in_a_bit() -> None:
    network = Network(features=8, hidden=8)
    fixed = apply(network.module(), f"{FRONT},calibrate,assign-bitwidths{{weights=1 scale=gate}},quantize",
                  network.data(4, 4))  # fmt: skip
    for op in matrices(fixed).values():
        encoding, type_ = encoding_of(op.result), op.result.type
        assert encoding is not None and isinstance(type_, TensorType)
        assert encoding.stored_bits(type_.static_shape, 0) == np.prod(type_.static_shape) + 4  # type: ignore[arg-type]
        assert len(np.unique(np.abs(fixed.resources[op.attributes["resource"]]))) == 1


@pytest.mark.parametrize(
    ("pattern", "gates"),
    [
        (Bank(4, 2), Bank(4, 2)),
        (Block(2, 2, 1), Block(2, 2, 1)),
        (Element(5, 8), Element(5, 2)),
        (Block(3, 2, 1), None),
        (Element(5, 2), None),
        (Row(3), None),
    ],
)
def test_patterns_that_split_into_gates(pattern: Bank, gates: Bank | None) -> None:
    whole = Encoding((Storage(pattern),))
    if gates is not None:
        assert split_gates(whole, 4, 16) == Encoding((Storage(gates),) * 4)
        return
    with pytest.raises(ValueError, match="is a pattern of all gates together; prune gate by gate"):
        split_gates(whole, 4, 16)


def with_encoding(text: str) -> str:
    """A level-2 module of which a recurrent matrix is stored so."""
    module = apply(Network(features=3, hidden=4).module(), FRONT)
    return print_module(module).replace(
        "@r : tensor<16x4xf32>", f"@r : tensor<16x4xf32, {text}>"
    ).replace("tensor<16x4xf32>", f"tensor<16x4xf32, {text}>")  # fmt: skip


@pytest.mark.parametrize(
    ("encoding", "options", "complaint"),
    [
        ("#sparse.block<3, 3, 9> #code<midrise, 1>", "",
         ("@r: #sparse.block<3, 3, 9> #code<midrise, 1> stores 44 elements beyond the matrix, "
          "for which its code has no zero")),
        ("#sparse.row<16>", '{codes="ternary ternary"}',
         "@r: #sparse.row<16> is a pattern of all gates together; prune gate by gate first"),
        ("#by_gate<#dense, #dense>", '{codes="ternary ternary ternary ternary"}',
         "@r: 16 rows stored as #by_gate<#dense, #dense> are not those of 4 gates"),
        ("#sparse.column<4>", '{codes="ternary ternary ternary"}',
         "@w: 16 rows stored as #dense are not those of 3 gates"),
    ],
)  # fmt: skip
def test_codes_that_do_not_suit_a_matrix(encoding: str, options: str, complaint: str) -> None:
    module = parse_module(with_encoding(encoding))
    data = Network(features=3, hidden=4).data(3, 3)
    said = refusal(module, f"calibrate,assign-bitwidths{options}", data)
    assert said == f"assign-bitwidths: {complaint}"


def test_a_format_that_is_too_narrow_for_the_codes() -> None:
    module = parse_module(with_encoding("#code<integer, 6>"))
    apply(module, "calibrate,assign-bitwidths", Network(features=3, hidden=4).data(3, 3))
    matrices(module)["r"].attributes["format"] = FixedType(True, 5, 3)
    said = refusal(module, "quantize")
    assert (
        said == "quantize: the codes of @r do not fit !fx.s<5,3>: run assign-bitwidths after them"
    )


def test_a_survivor_that_is_zero_becomes_the_nearest_level() -> None:
    weights = np.array([[0.0, 0.5, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    bank, ones = Bank(4, 2), np.ones(4)
    signs = Encoding((Storage(bank, Midrise(1), Scale("row", 4)),))
    rows = rows_of(weights, signs, format_of(parts_of(weights, signs), ones, 8), ones)
    rounded = round_nearest(rows.weights, [rows.grid(rows.nearest)], rows.live)
    assert (rounded != 0).tolist() == [[True, True, False, False]] * 2
    ternary = Storage(bank, Ternary(), None)
    assert live_of(weights, ternary).tolist() == (weights != 0).tolist()


@pytest.mark.parametrize("largest", [0, 1, 15])
def test_an_element_type_has_room_for_one_exponent_more(largest: int) -> None:
    part = Part(np.diag([8.0, 1.0]), np.ones((2, 2), bool), Integer(4), True, largest)
    format_ = format_of([part], np.ones(2), 20)
    best = int(choose_exponents(part, np.ones(2), -format_.frac, 40).max())
    assert format_.width == 4 + min(best + 1, largest)
