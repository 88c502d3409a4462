"""The formats of constants: matrices in codes or plain integers, biases, initial states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil, log2

import numpy as np

from lstmir.ir.captures import retype
from lstmir.ir.encodings import Encoding
from lstmir.ir.module import Module
from lstmir.ir.operands import segment_range
from lstmir.ir.operation import Operation, Value
from lstmir.ir.types import TensorType, is_float, shape_of
from lstmir.numeric.fixed import FixedType
from lstmir.passes.bounds.choice import Choice, set_choice
from lstmir.passes.formats.asked import Asked
from lstmir.passes.formats.coded import (
    encoding_of,
    format_of,
    importance_of,
    is_coded,
    lacks_zeros,
    parts_of,
)
from lstmir.passes.ranges import UNLIMITED, Recorded, signed_format
from lstmir.passes.uses import users_of
from lstmir.pipeline.passes import Pass, cannot

# Finer than this part of the largest sum (as a power of two), a product would only widen the sum.
_SUM_BITS = 40


@dataclass(frozen=True)
class Constants:
    """Gives every float constant of a module a format. The values beside them have theirs already."""

    pass_: Pass
    known: Recorded
    asked: Asked
    bias: int

    @property
    def module(self) -> Module:
        """The module whose constants these are."""
        return self.known.module

    def assign(self) -> None:
        """Raises `UserError` where codes do not suit a matrix, or a record is missing."""
        importance = importance_of(self.module)
        # Matrices first: the fraction bits of a bias follow from those of the products.
        for op in sorted(self._all(), key=lambda op: len(shape_of(op.result.type)) != 2):
            set_choice(op, self._choice(op, importance))

    def encode(self, encodings: Mapping[Value, Encoding]) -> None:
        """Say how some matrices are to be stored."""
        for matrix, encoding in encodings.items():
            assert isinstance(matrix.type, TensorType)
            retype(matrix, replace(matrix.type, encoding=encoding))

    def other_bits(self) -> int:
        """Bits, at most, of what no code is to be chosen for: biases, and matrices that have codes."""
        bits = 0
        for op in self._all():
            encoding, array = encoding_of(op.result), self._array(op)
            if encoding is not None and is_coded(encoding):
                shape = (len(array), array.shape[1])
                bits += self.asked.completed(encoding).stored_bits(shape, 0)
            elif not self._products(op) and self._state(op) is None:
                bits += self.bias * array.size
        return bits

    def _all(self) -> list[Operation]:
        return [
            op for op in self.module.walk()
            if op.name == "tensor.constant" and is_float(op.result.type)
        ]  # fmt: skip

    def _choice(self, op: Operation, importance: Mapping[Operation, np.ndarray]) -> Choice:
        state = self._state(op)
        if state is not None:
            return Choice(state.attributes["format"], state.attributes["basis"])
        array = self._array(op)
        products = self._products(op)
        limits = [self._useful_frac(each) for each in products] or [
            self._product_frac(user) for user, _ in users_of(op.result)
        ]
        limit = max(limits, default=UNLIMITED)
        encoding = self._encoded(op, products) if products else None
        if encoding is not None and is_coded(encoding):
            columns = importance.get(op, np.ones(array.shape[1]))
            return Choice(self._of_codes(op, array, encoding, columns, limit), "proven")
        bits = self.asked.weights if products else self.bias
        largest = float(np.abs(array).max()) if array.size else 0.0
        format_ = signed_format(largest / (1 - 2.0 ** (1 - bits)), bits)
        if limit < format_.frac:
            # Finer than the products that it is added to, a bias would only widen the sum.
            format_ = FixedType(True, max(2, bits - (format_.frac - limit)), limit)
        return Choice(format_, "proven")

    def _state(self, op: Operation) -> Operation | None:
        """What gives the state that begins as this constant, if it is an initial state."""
        for user, index in users_of(op.result):
            if user.name == "rnn.scan" and index in (held := segment_range(user, "state")):
                return user.regions[0].end.operands[index - held.start].op
        return None

    def _array(self, op: Operation) -> np.ndarray:
        return self.module.resources[op.attributes["resource"]]

    def _products(self, op: Operation) -> list[Operation]:
        return [user for user, _ in users_of(op.result) if user.name == "linalg.matvec"]

    def _encoded(self, op: Operation, products: list[Operation]) -> Encoding | None:
        """Give a matrix the codes that are asked for."""
        before = encoding_of(op.result)
        recurrent = any(product.parent.owner is not None for product in products)
        try:
            encoding = self.asked.encoding(before, len(self._array(op)), recurrent)
        except ValueError as error:
            why = f"@{op.attributes['resource']}: {error}"
            raise cannot(self.pass_, why, op.location) from None
        if encoding is not None and encoding != before:
            self.encode({op.result: encoding})
        return encoding

    def _of_codes(
        self, op: Operation, array: np.ndarray, encoding: Encoding, columns: np.ndarray, limit: int
    ) -> FixedType:
        """The element type of a matrix with codes."""
        parts = parts_of(array, encoding)
        for part, gate in zip(parts, encoding.gates, strict=True):
            wanting = lacks_zeros(gate, part.weights)
            if wanting:
                why = (
                    f"@{op.attributes['resource']}: {gate} stores {wanting} elements beyond the "
                    "matrix, for which its code has no zero"
                )
                raise cannot(self.pass_, why, op.location)
        return format_of(parts, columns, limit)

    def _useful_frac(self, product: Operation) -> int:
        """The fraction bits beyond which the elements of a matrix would only widen the sum."""
        sums = [user for user, _ in product.parent.uses(product.result) if user.name == "arith.add"]
        largest = max(map(abs, self.known.range_of((sums or [product])[0].result)))
        vector = self.known.frac_of(product.operands[1])
        if largest == 0 or vector == UNLIMITED:
            return UNLIMITED
        return _SUM_BITS - ceil(log2(largest)) - vector

    def _product_frac(self, user: Operation) -> int:
        """The fraction bits of the finest product that an addition takes."""
        products = [v.op for v in user.operands if v.op.name == "linalg.matvec"]
        return max(
            (sum(map(self.known.frac_of, op.operands)) for op in products), default=UNLIMITED
        )
