"""How much there is of each kind of logic in a design: what the coefficients of the families weigh."""

from __future__ import annotations

from collections import Counter

from lstmir.flow.sizing.cover import Cover
from lstmir.flow.sizing.memories import made_of
from lstmir.flow.sizing.multipliers import dsp_blocks
from lstmir.flow.sizing.netlist import (
    LITERAL,
    REGISTER,
    ROM,
    Netlist,
    clips,
    is_wires,
    rounds,
    width,
)
from lstmir.flow.sizing.roms import rom_luts
from lstmir.flow.sizing.rules import Rules
from lstmir.interpreter.rtl_design import rounded_range
from lstmir.ir.operation import Operation, Value
from lstmir.numeric.fixed import narrowest

_CARRIES = ("arith.add", "arith.sub", "arith.neg")
_LEAST_CHAIN = 5
"""Bits of a sum from which on it is a chain of carries everywhere."""
_SHIFT_STAGES = 16
_CHOICE = 3
"""Inputs of what chooses one of two."""
_CONTROLS = 4
"""Decisions in a row that enables and resets of registers can say, at most."""


class Counting:
    """The sums: `kinds` in bits, `dsp` and `bram` in blocks."""

    def __init__(self, netlist: Netlist, rules: Rules) -> None:
        self.netlist, self.rules = netlist, rules
        self.cover = Cover(netlist, rules.lut_inputs)
        self.kinds: Counter[str] = Counter()
        self.made = {memory: made_of(netlist, memory, rules) for memory in netlist.reads}
        self.dsp, self.bram = 0, sum(made.blocks for made in self.made.values())
        for op in netlist.design.operations:
            self._operation(op)
        for state, value in netlist.nexts.items():
            self._register(state, value)
        for value in netlist.design.outputs.values():
            self.cover.demand(value)
        for made in self.made.values():
            self.kinds["lutram"] += made.luts
            self.kinds["lutram_choice"] += made.choices
            self.kinds["file"] += made.registers
        self._chains()
        self.kinds.update(self.cover.kinds)

    def _operation(self, op: Operation) -> None:
        if op.name in ("rtl.write", "rtl.read"):
            for value in op.operands[1:]:
                self.cover.demand(value)
        if op.name in _CARRIES:
            self._sum(op)
        elif op.name == "arith.mul":
            self._product(op)
        elif op.name == "fx.requantize" and not is_wires(op):
            self._requantize(op)
        elif op.name == "arith.compare" and not self.cover.is_narrow(op):
            self._compare(op)
        elif op.name == "rtl.read":
            self._table(op.operands[0])

    def _product(self, op: Operation) -> None:
        for value in op.operands:
            self.cover.demand(value)
        blocks = dsp_blocks(op, self.rules)
        self.dsp += blocks
        if not blocks:
            self.kinds["product"] += width(op.operands[0]) * width(op.operands[1])

    def _sum(self, op: Operation) -> None:
        terms = [value for value in op.operands if not self.netlist.is_constant(value)]
        for value in terms:
            if not self._is_chosen_within(value):
                self.cover.demand(value)
        bits = width(op.result)
        if len(terms) < 2 and op.name != "arith.neg":
            kind = "step"
        elif bits < _LEAST_CHAIN:
            kind = "narrow_sum"
        elif self._adds_product(op):
            kind = "product_sum"
        else:
            kind = "sum"
        self.kinds[kind] += bits

    def _is_chosen_within(self, term: Value) -> bool:
        """Whether a term is made by the sum itself: a choice that nobody else reads."""
        source = self.netlist.source(term)
        is_own = source.op.name == "arith.select" and self.netlist.uses[source] == 1
        return self.rules.sums_choose and is_own and len(self.cover.inputs(source)) <= _CHOICE

    def _adds_product(self, op: Operation) -> bool:
        """Whether a term is a product, or was one before registers: blocks that multiply add, too."""
        return any(self.netlist.origin(value).op.name == "arith.mul" for value in op.operands)

    def _requantize(self, op: Operation) -> None:
        self.cover.demand(op.operands[0])
        rounded = narrowest(*rounded_range(op), 0).width
        if rounds(op):
            self.kinds["round"] += rounded
        if clips(op):
            self.kinds["clip"] += width(op.result)
            self.kinds["clip_top"] += max(0, rounded - width(op.result) + 1)

    def _compare(self, op: Operation) -> None:
        a, b = op.operands
        for value in op.operands:
            self.cover.demand(value)
        is_constant = LITERAL in (a.op.name, b.op.name)
        carries = op.attributes["predicate"] not in ("eq", "ne") and not is_constant
        self.kinds["order" if carries else "equal"] += width(a) * (
            1 if is_constant or carries else 2
        )

    def _table(self, memory: Value) -> None:
        if memory.op.name != ROM or self.made[memory].blocks:
            return
        words = self.netlist.words(memory)
        functions, choices = rom_luts(words, width(memory), self.rules.lut_inputs)
        self.kinds["rom"] += functions
        self.kinds["rom_choice"] += choices

    # -- registers --------------------------------------------------------------------------

    def _register(self, state: Value, value: Value) -> None:
        """What is in front of a register; its enable and its reset cost no logic of its width."""
        self.kinds[f"ff_{self._stands_behind(value)}"] += width(state)
        for _ in range(_CONTROLS):
            op = self.netlist.source(value).op
            if op.name != "arith.select" or width(op.result) != width(state):
                break
            condition, yes, no = op.operands
            if state in (self.netlist.source(yes), self.netlist.source(no)):
                value = no if self.netlist.source(yes) is state else yes
            elif LITERAL in (yes.op.name, no.op.name) and self.netlist.uses[op.result] == 1:
                value = no if yes.op.name == LITERAL else yes
            else:
                break
            self.cover.demand(condition)
            self.kinds["control"] += 1
        self.cover.demand(value)

    def _stands_behind(self, value: Value) -> str:
        """What gives a register its value, by whether that has registers inside."""
        op = self.netlist.source(value).op
        if op.name == "rtl.read" and op.operands[0].op.name == ROM:
            return "block" if self.made[op.operands[0]].blocks else "table"
        if op.name in _CARRIES and self._adds_product(op):
            return "product_sum"
        return {"arith.mul": "product", REGISTER: "delay"}.get(op.name, "logic")

    def _chains(self) -> None:
        """Registers in a row, of which only the last is read: where there are shift registers, LUTs."""
        before = {
            state: self.netlist.source(value)
            for state, value in self.netlist.nexts.items()
            if "init" not in state.op.attributes
            and self._stands_behind(value) not in ("block", "product", "product_sum")
        }
        inner = {source for source in before.values() if self.netlist.uses[source] == 1}
        factors = {self.netlist.source(v) for op in self.netlist.products for v in op.operands}
        for last in before:
            if last in inner:
                continue
            length, value = 1, before[last]
            while value in before and value in inner and width(value) == width(last):
                length, value = length + 1, before[value]
            if last in factors:  # two of them are the multiplier's own
                length -= 2
            if length >= 3:
                self.kinds["shift"] += width(last) * -(-length // _SHIFT_STAGES)
                self.kinds["ff_shift"] += width(last) * length
