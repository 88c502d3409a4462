"""The text of declarations and statements."""

from __future__ import annotations

from collections.abc import Iterable

from lstmir.backends.verilog.expressions import Expr, literal
from lstmir.backends.verilog.plan import CLOCK, RESET
from lstmir.backends.verilog.sheet import Assign, If, Memory, Register, Statement
from lstmir.numeric.fixed import FixedType

INDENT = "  "
_COLUMNS = 100
_BLOCK = '(* rom_style = "block", ram_style = "block" *)'
_OPERATORS = frozenset(("?", ":", "+", "-", "*", "&&", "||", "==", "!=", "<", "<=", ">", ">="))


def declared(keyword: str, type_: FixedType, name: str) -> str:
    """`reg signed [7:0] x`; one wire has neither sign nor range."""
    return " ".join(part for part in (keyword, vector(type_), name) if part)


def vector(type_: FixedType) -> str:
    """`signed [7:0]`; nothing for one wire."""
    if type_.width == 1:
        return ""
    return f"{'signed ' if type_.signed else ''}[{type_.width - 1}:0]"


def table(rows: Iterable[tuple[str, FixedType, str]], end: str) -> list[str]:
    """Declarations in columns, each with the remark that it deserves."""
    rows = list(rows)
    keywords = max((len(keyword) for keyword, _, _ in rows), default=0)
    vectors = max((len(vector(type_)) for _, type_, _ in rows), default=0)
    gap = " " if vectors else ""
    return [
        f"{INDENT}{keyword:{keywords}} {vector(type_):>{vectors}}{gap}{name}{end}{remark(type_)}"
        for keyword, type_, name in rows
    ]


def remark(type_: FixedType) -> str:
    """A comment on where the binary point is, if it is not at the end."""
    return f"  // {str(type_)[4:]}" if type_.frac else ""


def broken(text: str, depth: int) -> list[str]:
    """A statement indented, over several lines where it is long."""
    margin, lines = INDENT * depth, []
    while len(margin + text) > _COLUMNS and (cut := _best_break(text, _COLUMNS - len(margin))):
        lines.append(margin + text[:cut])
        text, margin = text[cut + 1 :], INDENT * (depth + 2)
    return [*lines, margin + text]


def _best_break(text: str, room: int) -> int | None:
    """The space to break at: outside brackets if possible, then in front of an operator, then late.

    It leaves no line less than half full, if possible.
    """
    spaces, nesting = [], 0
    for index, char in enumerate(text):
        nesting += (char in "([{") - (char in ")]}")
        if char == " " and index > 0:
            spaces.append(
                (index > room, index < room // 2, nesting, not _may_break(text, index), -index)
            )
    return -min(spaces)[-1] if spaces else None


def _may_break(text: str, space: int) -> bool:
    return text[space - 1] == "," or text[space + 1 :].split(" ", 1)[0] in _OPERATORS


def statements(body: Iterable[Statement], depth: int) -> list[str]:
    """Clocked statements."""
    lines: list[str] = []
    for statement in body:
        if isinstance(statement, Assign):
            lines += broken(f"{statement.target} <= {statement.expr.text};", depth)
        else:
            lines += _decision(statement, depth)
    return lines


def _decision(decision: If, depth: int) -> list[str]:
    short = _one_line(decision, depth)
    if short:
        return [short]
    margin = INDENT * depth
    lines = broken(f"if ({decision.condition.text}) begin", depth)
    lines += statements(decision.then, depth + 1)
    rest = decision.otherwise
    while len(rest) == 1 and isinstance(rest[0], If):
        lines += broken(f"end else if ({rest[0].condition.text}) begin", depth)
        lines += statements(rest[0].then, depth + 1)
        rest = rest[0].otherwise
    if rest:
        lines += [f"{margin}end else begin", *statements(rest, depth + 1)]
    return [*lines, f"{margin}end"]


def _one_line(decision: If, depth: int) -> str | None:
    if decision.otherwise or len(decision.then) != 1 or not isinstance(decision.then[0], Assign):
        return None
    assign = decision.then[0]
    text = f"if ({decision.condition.text}) {assign.target} <= {assign.expr.text};"
    line = INDENT * depth + text
    return line if len(line) <= _COLUMNS else None


def clocked(body: Iterable[Statement]) -> list[str]:
    """An `always` block; nothing for no statements."""
    lines = statements(body, 2)
    if not lines:
        return []
    return ["", f"{INDENT}always @(posedge {CLOCK}) begin", *lines, f"{INDENT}end"]


def with_reset(registers: list[Register], body: list[Statement]) -> list[Statement]:
    """What registers do that a reset sets, if there are any."""
    initial: list[Statement] = [
        Assign(
            register.name, literal(register.init or 0, register.type.width, register.type.signed)
        )
        for register in registers
    ]
    return [If(Expr(RESET, 1), initial, body)] if registers else []


def memory_array(memory: Memory) -> list[str]:
    """The declaration of a memory, and its image by the name of the parameter."""
    array = f"{declared('reg', memory.type, memory.name)} [0:{memory.words - 1}];"
    lines = [_BLOCK, array] if memory.block else [array]
    if memory.image is not None:
        lines.append(f"initial $readmemh({memory.image.parameter}, {memory.name});")
    return [INDENT + line for line in lines]


def cleared(memories: Iterable[Memory]) -> list[str]:
    """The loops that fill memories with zeros, those of one counter in one."""
    by_counter: dict[str, list[Memory]] = {}
    for memory in memories:
        if memory.counter:
            by_counter.setdefault(memory.counter, []).append(memory)
    return [line for i, group in by_counter.items() for line in _loop(i, group)]


def _loop(i: str, memories: list[Memory]) -> list[str]:
    head = f"initial for ({i} = 0; {i} <= {memories[0].words - 1}; {i} = {i} + 1)"
    zeros = [f"{memory.name}[{i}] = {memory.type.width}'d0;" for memory in memories]
    if len(zeros) == 1:
        return [f"{INDENT}integer {i};", *broken(f"{head} {zeros[0]}", 1)]
    lines = [f"{INDENT}integer {i};", f"{INDENT}{head} begin"]
    return [*lines, *(INDENT * 2 + zero for zero in zeros), f"{INDENT}end"]
