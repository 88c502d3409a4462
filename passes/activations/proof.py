"""How far a form is from the function: the operations themselves, run at every operand."""

from __future__ import annotations

import numpy as np

from lstmir.interpreter.run import run_samples
from lstmir.ir.builder import Builder
from lstmir.ir.module import Function, Module
from lstmir.ir.operation import Value
from lstmir.ir.region import Region
from lstmir.ir.types import TensorType
from lstmir.ir.verify import verify
from lstmir.numeric.carriers import INT64, OBJECT, IntArray, as_carrier, cast_ints
from lstmir.numeric.fixed import FixedType
from lstmir.numeric.functions import MAX_TABLE_WIDTH, domain, evaluate
from lstmir.numeric.preimages import integers_of, results_behind
from lstmir.passes.activations.forms import Form, Reduced
from lstmir.passes.activations.writer import Writer


def proven_bound(form: Form, name: str, source: FixedType, target: FixedType) -> int:
    """The largest difference to the correctly rounded result, in its last places.

    Of every operand up to 16 bits. A wider one must be reduced first: the form then gives the
    same for all operands behind an integer of the index, and the results at the ends of those
    bound all between them, since the function is monotone. Operands at which the function has no
    value do not count.
    """
    if source.width <= MAX_TABLE_WIDTH or not isinstance(form, Reduced):
        lo, hi = domain(name, source)
        operands = as_carrier(np.arange(lo, hi + 1), source)
        wanted = evaluate(name, operands, source, target)
        return _largest(run_form(form, source, operands), wanted)
    given = run_form(form.inner, form.index, integers_of(form.index))
    return results_behind(name, source, form.index, target).error(given)


def run_form(form: Form, source: FixedType, operands: IntArray) -> IntArray:
    """The results of a form in a function of its own, by the interpreter."""
    module, region = Module("form"), Region([source], ["x"])
    build = Builder(module, region)

    def place(entries: IntArray, element: FixedType, role: str) -> Value:
        return build.constant(entries, TensorType(entries.shape, element), role or "table")

    build.end("return", [form.write(Writer(build, place), region.arguments[0])])
    module.functions["main"] = Function("main", region)
    verify(module)
    return run_samples(module, [as_carrier(operands, source)])[0]


def _largest(given: IntArray, wanted: IntArray) -> int:
    held = INT64 if max(given.max(initial=0), -given.min(initial=0)) < 2**62 else OBJECT
    return int(np.abs(cast_ints(given, held) - cast_ints(wanted, held)).max())
