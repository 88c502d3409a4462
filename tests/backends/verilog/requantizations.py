"""Every rounding and overflow, on every integer of a narrow format."""

from __future__ import annotations

from lstmir import dialects
from lstmir.dialects.fx import OVERFLOWS, ROUNDINGS
from lstmir.ir.builder import Builder
from lstmir.ir.module import Function, Module
from lstmir.ir.region import Region
from lstmir.ir.verify import verify
from lstmir.numeric.fixed import FixedType


def requantizations(width: int) -> list[Module]:
    """Every rounding and overflow of every integer of `width` bits, a design for each sign."""
    dialects.load()
    return [
        _requantizations(FixedType(signed, width, 2), f"requantize_{'us'[signed]}")
        for signed in (False, True)
    ]


def _requantizations(source: FixedType, name: str) -> Module:
    region = Region()
    module = Module(name, functions={name: Function(name, region)})
    builder, x = Builder(module, region), region.add_argument(source, "x")
    targets = [
        FixedType(signed, width, frac)
        for signed in (False, True) for width in (1, 4, 9) for frac in range(-4, 4)
    ]  # fmt: skip
    outputs = [
        builder.value("fx.requantize", x, type=target, rounding=rounding, overflow=overflow)
        for target in targets for rounding in ROUNDINGS for overflow in OVERFLOWS
    ]  # fmt: skip
    builder.end("rtl.next", outputs, segments=(len(outputs), 0))
    module.main.attributes["outputs"] = tuple(f"y{index}" for index in range(len(outputs)))
    verify(module)
    return module
