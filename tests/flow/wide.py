"""Level-5 modules that nobody lowered, whose streams have several ports and wide beats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lstmir.flow.check import Golden
from lstmir.interpreter.streams import StreamFormat, stream_format
from lstmir.ir.module import Module
from lstmir.ir.verify import verify
from lstmir.syntax.parser import parse_module

TEXT = """\
module @wide attributes {{interface = [{ports}], form = "sample", lanes = {lanes}}} {{
  func @wide(%s_axis_tdata: !fx.u<{width},0>, %s_axis_tvalid: i1, %s_axis_tlast: i1, %m_axis_tready: i1) -> (!fx.u<{width},0>, i1, i1, i1, i1) attributes {{outputs = ["m_axis_tdata", "m_axis_tvalid", "m_axis_tlast", "m_axis_tuser", "s_axis_tready"]}} {{
    %full = rtl.reg {{init = 0}} : i1
    %last = rtl.reg : i1
    %data = rtl.reg : !fx.u<{width},0>
    %empty = arith.not %full : i1
    %ready = arith.or %empty, %m_axis_tready : i1
    %take = arith.and %s_axis_tvalid, %ready : i1
    %stay = arith.not %m_axis_tready : i1
    %wait = arith.and %full, %stay : i1
    %full_next = arith.or %take, %wait : i1
    %last_next = arith.select %take, %s_axis_tlast, %last : i1
{lines}
    %joined = rtl.concat {words} : ({types}) -> !fx.u<{width},0>
    %data_next = arith.select %take, %joined, %data : (i1, !fx.u<{width},0>, !fx.u<{width},0>) -> !fx.u<{width},0>
    %user = rtl.literal {{integer = 0}} : i1
    rtl.next output (%data, %full, %last, %user, %ready) update (%full = %full_next, %last = %last_next, %data = %data_next) : (!fx.u<{width},0>, i1, i1, i1, i1, i1, i1, i1, i1, !fx.u<{width},0>, !fx.u<{width},0>) -> ()
  }}
}}
"""  # noqa: E501
NEGATED = """\
    %x{lane} = rtl.bits %s_axis_tdata {{low = {low}, width = 8}} : (!fx.u<{width},0>) -> !fx.u<8,0>
    %s{lane} = rtl.cast %x{lane} : (!fx.u<8,0>) -> !fx.s<8,4>
    %n{lane} = arith.neg %s{lane} : (!fx.s<8,4>) -> !fx.s<9,4>
    %e{lane} = fx.requantize %n{lane} {{rounding = "floor", overflow = "wrap"}} : (!fx.s<9,4>) -> !fx.s<16,4>
    %w{lane} = rtl.cast %e{lane} : (!fx.s<16,4>) -> !fx.u<16,0>"""
SAME = """\
    %w{lane} = rtl.bits %s_axis_tdata {{low = {low}, width = {word}}} : (!fx.u<{width},0>) -> !fx.u<{word},0>"""  # noqa: E501


@dataclass(frozen=True)
class Wide:
    """A design with a register behind each stream, which leaves words as they are.

    `inputs` are pairs of a format and the words of a step. Of the first input's words `negated` many
    are negated; a step is then one beat of 16-bit words.
    """

    inputs: tuple[tuple[str, int], ...]
    lanes: int
    word: int
    negated: int = 0

    @property
    def module(self) -> Module:
        width = self.lanes * self.word
        lines = [
            (NEGATED if lane < self.negated else SAME).format(
                lane=lane, low=lane * self.word, width=width, word=self.word
            )
            for lane in range(self.lanes)
        ]
        text = TEXT.format(
            ports=", ".join([*self.ports("input"), *self.ports("output")]),
            lanes=self.lanes,
            width=width,
            lines="\n".join(lines),
            words=", ".join(f"%w{lane}" for lane in reversed(range(self.lanes))),
            types=", ".join([f"!fx.u<{self.word},0>"] * self.lanes),
        )
        module = parse_module(text)
        verify(module)
        return module

    def ports(self, kind: str) -> list[str]:
        """The first port keeps time behind its words, where nobody would look for it."""
        found = []
        for number, (format_, words) in enumerate(self.inputs):
            if kind == "output" and not number and self.negated:
                format_ = "!fx.s<9,4>"
            shape, time = ([-1, words, -1], 2) if not number else ([-1, -1, words], 1)
            about = f'name = "{kind[0]}{number}", kind = "{kind}", dtype = "f64", shape = {shape}'
            found.append(f"{{{about}, batch = 0, time = {time}, format = {format_}}}")
        return found

    def formats(self) -> tuple[StreamFormat, StreamFormat]:
        module = self.module
        return stream_format(module, "input"), stream_format(module, "output")

    def golden(self, sequences: int, steps: int, seed: int = 0) -> Golden:
        """Integers of the whole range of each input, and what the design makes of them."""
        random = np.random.default_rng(seed)
        inputs = tuple(
            random.integers(
                element.min_int, element.max_int + 1, (sequences, steps, words), np.int64
            )
            for element, words in self.formats()[0].parts
        )
        first = -inputs[0] if self.negated else inputs[0]
        return Golden(inputs, (first, *inputs[1:]))


NEGATING = Wide((("!fx.s<8,4>", 3), ("!fx.u<12,2>", 4)), lanes=8, word=16, negated=3)
"""128 wires, a step a beat, whose last lane is padding."""
ECHO = Wide((("!fx.s<8,4>", 5), ("!fx.s<8,1>", 3)), lanes=3, word=8)
"""24 wires, three beats a step, the last one with a lane of padding."""
WIDEST = Wide((("!fx.s<64,4>", 33),), lanes=16, word=64)
"""1024 wires."""
