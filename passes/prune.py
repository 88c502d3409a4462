"""Zeroes the weights that matter least, in a pattern that hardware can use."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from lstmir.dialects.layers import LAYERS
from lstmir.ir.captures import retype
from lstmir.ir.encodings import Encoding
from lstmir.ir.module import Module
from lstmir.ir.operation import Value
from lstmir.ir.types import TensorType, is_float
from lstmir.passes.pruning.plan import Plan
from lstmir.passes.pruning.ratios import parse_ratios
from lstmir.passes.pruning.shapes import PATTERNS, Shape
from lstmir.passes.pruning.surgery import Refit, shrink
from lstmir.passes.pruning.weights import Pruning, samples_of
from lstmir.passes.records import drop_records
from lstmir.passes.refining.columns import part_resources
from lstmir.passes.sums import Sum, sums_of_products
from lstmir.pipeline.passes import Context, Promise, cannot, register

SHAPES = (*PATTERNS, "unit", "none")
CHOICES = ("magnitude", "obs")
ALLOTMENTS = ("same", "global")


@register
@dataclass(frozen=True)
class Prune:
    """Removes weights in a pattern that hardware can use.

    - `element`: single weights, equally many in each of `lanes` parts of the rows, so that no lane
      waits for another (Han et al., "ESE", FPGA 2017).
    - `bank`: each row is cut into banks of at least `size` neighbours that divide it, and as many
      survive in each (Cao et al., "Efficient and Effective Sparse LSTM on FPGA with Bank-Balanced
      Sparsity", FPGA 2019). `nm`: in groups of exactly `size`, `keep` of each.
    - `block`: blocks of `block=RxC` weights, equally many in each band of R rows.
    - `row`, `column`: whole rows or columns. A row without a weight is its bias alone.
    - `unit`: hidden units, with their rows of all matrices, their columns of those that multiply
      them, their elements of biases and states. The network is a smaller one then.
    - `none`: nothing, for pipelines with a free option.

    A gate is one of the equal parts of the rows that slices of a sum take apart. Survivors are
    chosen within each gate, or with `aligned=false` over the whole matrix. `ratio` is for all
    matrices of the recurrences; `ratio-x` for those that multiply what does not depend on a state of
    the step, `ratio-h` for the others; each one number, or one for each gate in the order of the
    rows. With `allot=global`, `ratio` is that of all of them together: what each gate alone costs
    the outputs on the calibration data decides. Matrices outside of recurrences stay as they are
    without `head=true`.

    `by=magnitude` keeps the largest. `by=obs` removes what changes the sums least on the calibration
    data and fits what remains, the biases included (optimal brain surgeon), as the Gram matrices
    tell that `calibrate` recorded. With the data at hand, it then runs the pruned network `rounds`
    times and fits all of its sums, also those that are not pruned, to what the original's are; for
    `unit`, on noisy data and mixtures as well.

    Sets the encodings of the constants, and records the sparsity that it made. What `calibrate`
    recorded of values that depend on the changed constants is forgotten.
    """

    name: ClassVar[str] = "prune"
    summary: ClassVar[str] = "remove weights in a pattern, or whole hidden units"
    promise: ClassVar[Promise] = Promise.MEASURED

    ratio: str = field(
        default="0.5",
        metadata={"help": "share of the weights, or of units, that goes; or one for each gate"},
    )
    shape: str = field(default="bank", metadata={"help": f"one of {', '.join(SHAPES)}"})
    size: int = field(default=8, metadata={"help": "neighbours in a bank, at least; in a group"})
    by: str = field(default="magnitude", metadata={"help": f"one of {', '.join(CHOICES)}"})
    keep: int = field(
        default=0, metadata={"help": "survivors of each bank or group; 0: as the ratio says"}
    )
    block: str = field(default="4x4", metadata={"help": "rows x columns of a block"})
    lanes: int = field(
        default=1, metadata={"help": "parts of the rows that keep equally many elements"}
    )
    aligned: bool = field(default=True, metadata={"help": "choose within each gate"})
    ratio_x: str = field(default="", metadata={"help": "ratio where inputs are multiplied"})
    ratio_h: str = field(default="", metadata={"help": "ratio where states are multiplied"})
    allot: str = field(default="same", metadata={"help": f"one of {', '.join(ALLOTMENTS)}"})
    head: bool = field(default=False, metadata={"help": "prune what is outside of recurrences"})
    rounds: int = field(
        default=4, metadata={"help": "by=obs: runs of the pruned network to fit it by"}
    )

    def run(self, module: Module, context: Context) -> None:
        """Raises `UserError` for options that make no pattern, or without records that it needs."""
        self.check()
        self.check_level(module)
        if self.shape == "none":
            return
        if self.shape == "unit":
            self.remove_units(module, context)
            return
        part_resources(module)
        plan = self.plan()
        pruning = Pruning(self, plan, module, context, samples_of(self, module, context, plan))
        zeroed = total = 0
        changed: list[Value] = []
        for change in pruning.changes():
            _replace(module, change.constant, change.array, change.encoding)
            changed.append(change.constant)
            if change.encoding is not None:
                zeroed += int(np.count_nonzero(change.array == 0))
                total += change.array.size
        drop_records(module, changed)
        module.drop_unused_resources()
        sparsity = zeroed / total if total else 0.0
        module.attributes["pruned"] = {"shape": self.shape, "by": self.by, "sparsity": sparsity}

    def remove_units(self, module: Module, context: Context) -> None:
        """Shrink every recurrence whose units may go."""
        for op in module.main.region.operations():
            if any(isinstance(t, TensorType) and t.encoding for t in op.result_types):
                why = (
                    "the weights have a pattern already: run prune{shape=unit} before other shapes"
                )
                raise cannot(self, why, op.location)
        before = _elements(module)
        counts = shrink(module, float(self.ratio), self.refit(module, context))
        for units in counts:
            if not units.classes:
                names = ", ".join(f"%{name}" for name in units.scan.result_names if name)
                context.warn(
                    f"no unit of {names} can be removed: its states are outputs, or are mixed"
                )
        drop_records(module)
        sparsity = 1 - _elements(module) / before if before else 0.0
        module.attributes["pruned"] = {"shape": self.shape, "by": self.by, "sparsity": sparsity}

    def refit(self, module: Module, context: Context) -> Refit | None:
        """How the units that stay make up for those that go."""
        if self.by != "obs":
            return None
        return Refit(
            lambda each: self.gram(module, each),
            samples_of(self, module, context, self.plan()),
            context.seed,
            self.rounds,
            lambda turn: context.progress(f"prune: round {turn} of {self.rounds}"),
        )

    def check(self) -> None:
        """Raise `UserError` for an option out of its range."""
        self.check_words()
        for name in ("size", "lanes"):
            if getattr(self, name) < 1:
                raise cannot(self, f"{name} must be positive, not {getattr(self, name)}")
        if self.rounds < 0:
            raise cannot(self, f"rounds must not be negative, not {self.rounds}")
        if self.keep and self.shape not in ("bank", "nm"):
            raise cannot(self, "keep is for shape=bank and shape=nm: give ratio")
        if not 0 <= self.keep <= self.size:
            raise cannot(self, f"keep must be at most size={self.size}, not {self.keep}")
        self.check_ratios()

    def check_words(self) -> None:
        """Raise `UserError` for a word that an option does not know."""
        for name, known in (("shape", SHAPES), ("by", CHOICES), ("allot", ALLOTMENTS)):
            word = getattr(self, name)
            if word not in known:
                raise cannot(self, f"{name} must be one of {', '.join(known)}, not '{word}'")
        if not re.fullmatch(r"[1-9]\d{0,5}x[1-9]\d{0,5}", self.block, re.ASCII):
            raise cannot(self, f"block must be rows x columns, such as 4x4, not '{self.block}'")

    def check_ratios(self) -> None:
        """Raise `UserError` for ratios that are none, or that contradict each other."""
        plan = self.plan()
        single = len(plan.ratio) == 1 and not plan.ratio_x and not plan.ratio_h
        if self.shape == "unit" and not single:
            raise cannot(self, "units have no gates: give ratio one number, and no other ratio")
        if self.allot == "global" and (not single or self.keep or self.shape == "unit"):
            why = "allot=global chooses what each gate keeps: give ratio one number, and no keep"
            raise cannot(self, f"{why} or other ratio, and another shape than unit")

    def plan(self) -> Plan:
        """What the options say together."""
        rows, columns = map(int, self.block.split("x"))
        shape = Shape(self.shape, self.size, self.keep, rows, columns, self.lanes)
        try:
            ratio = parse_ratios("ratio", self.ratio)
            ratio_x = parse_ratios("ratio-x", self.ratio_x) if self.ratio_x else None
            ratio_h = parse_ratios("ratio-h", self.ratio_h) if self.ratio_h else None
        except ValueError as error:
            raise cannot(self, str(error)) from None
        return Plan(
            shape,
            ratio,
            ratio_x,
            ratio_h,
            self.aligned,
            self.head,
            self.by == "obs",
            self.rounds,
            self.allot == "global",
        )

    def gram(self, module: Module, sum_: Sum) -> np.ndarray:
        """What was recorded. Raises `UserError` where nothing was."""
        gram = sum_.gram(module)
        if gram is None:
            why = "by=obs needs Gram matrices: run calibrate{gram=true} first, or give by=magnitude"
            raise cannot(self, why, sum_.total.location)
        return gram

    def check_level(self, module: Module) -> None:
        """Raise `UserError` for a module whose cells are not dataflow graphs of floats."""
        for op in module.walk():
            if op.name in LAYERS:
                why = f"'{op.name}' is a whole network: run expand-cells first"
                raise cannot(self, why, op.location)
        if not all(is_float(value.type) for value in module.main.parameters):
            raise cannot(self, "the network is in fixed point: run prune before quantize")


def _elements(module: Module) -> int:
    """How many elements all matrices have."""
    return sum(module.resources[m.op.attributes["resource"]].size
               for each in sums_of_products(module) for m in each.matrices)  # fmt: skip


def _replace(module: Module, constant: Value, array: np.ndarray, encoding: Encoding | None) -> None:
    """Give a constant other elements, and an encoding."""
    assert isinstance(constant.type, TensorType)
    name = constant.op.attributes["resource"]
    word = "refitted" if encoding is None else "pruned"
    constant.op.attributes["resource"] = module.add_resource(f"{name}_{word}", array)
    if encoding is not None:
        retype(constant, replace(constant.type, encoding=encoding))
