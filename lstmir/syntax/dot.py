"""Prints the graphs of a module in the DOT language of Graphviz, to be looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from lstmir.ir.definition import DEFINITIONS, Group, definition_of
from lstmir.ir.module import Function, Module
from lstmir.ir.naming import names_in
from lstmir.ir.operands import argument_operand, segments_of
from lstmir.ir.operation import Operation, Value
from lstmir.ir.region import Region
from lstmir.ir.types import TensorType, Type
from lstmir.syntax.attributes import print_attribute

# Fill and border of a dialect's operations.
COLOURS = {
    "builtin": ("#f1f3f5", "#495057"),
    "tensor": ("#e7f5ff", "#339af0"),
    "arith": ("#ebfbee", "#40c057"),
    "math": ("#fff3bf", "#f08c00"),
    "linalg": ("#ffe8cc", "#e8590c"),
    "rnn": ("#f3f0ff", "#7048e8"),
    "fx": ("#ffe3e3", "#e03131"),
    "tile": ("#e3fafc", "#0c8599"),
    "rtl": ("#edf2ff", "#3b5bdb"),
}
_GREY = "#868e96"

_CONSTANTS = ("tensor.constant", "rtl.literal")
# What an iteration gives to the next; its values come first among those of the terminator.
_CARRIED = ("state", "carry")
_LONGEST = 48
_ARGUMENT = f'shape=ellipse fillcolor=white color="{_GREY}"'
_NEXT_ITERATION = "style=dashed constraint=false"

_HEADER = (
    'graph [fontname="Helvetica" fontsize=12 labeljust=l ranksep=0.35 nodesep=0.2]',
    'node [fontname="Helvetica" fontsize=11 shape=box style="filled,rounded" height=0.3]',
    f'edge [fontname="Helvetica" fontsize=9 fontcolor="{_GREY}" color="#495057" arrowsize=0.6]',
)


def print_dot(module: Module) -> str:
    """A picture of every function of a verified module: operations are nodes, uses are edges.

    The body of an operation is a cluster. What uses a result of such an operation hangs on the
    body's terminator, and an operand leads to the argument that stands for it; dashed edges lead
    from one iteration to the next. Equal modules give the same text.
    """
    picture = _Picture()
    picture.line(f'digraph "{module.name}" {{')
    picture.depth += 1
    for line in _HEADER:
        picture.line(line)
    for function in module.functions.values():
        picture.function(function)
    picture.depth -= 1
    picture.line("}")
    return "\n".join(picture.lines) + "\n"


class _Picture:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.depth = 0
        self.clusters = 0
        # Nodes of operations without a body, and of the arguments of regions.
        self.nodes: dict[Operation | Value, str] = {}
        self.names: dict[Value, str] = {}

    def line(self, text: str) -> None:
        self.lines.append("  " * self.depth + text)

    def function(self, function: Function) -> None:
        self.cluster(function.region, f"<B>func @{escape(function.name)}</B>", _GREY)
        for op in function.region.walk():
            self.edges(op)

    def cluster(self, region: Region, label: str, colour: str) -> None:
        self.line(f"subgraph cluster_{self.clusters} {{")
        self.clusters += 1
        self.depth += 1
        self.line(f'label=<{label}> color="{colour}" style=rounded')
        order = region.operations()
        self.names.update(names_in(region, order))
        for argument in region.arguments:
            self.node(argument, self.value(argument), _ARGUMENT)
        self.abreast(region.arguments)
        for op in order:
            self.operation(op)
        self.depth -= 1
        self.line("}")

    def operation(self, op: Operation) -> None:
        _, border = _colours(op)
        if op.regions:
            self.cluster(op.regions[0], self.label(op, "&#160; "), border)
        else:
            self.node(op, self.label(op, "<BR/>"), _style(op))

    def node(self, what: Operation | Value, label: str, style: str) -> None:
        self.nodes[what] = f"n{len(self.nodes)}"
        self.line(f"{self.nodes[what]} [label=<{label}> {style}]")

    def abreast(self, values: Sequence[Value]) -> None:
        if values:
            self.line(f"{{ rank=same {' '.join(self.nodes[value] for value in values)} }}")

    def label(self, op: Operation, between: str) -> str:
        lines = [f"<B>{escape(op.name)}</B>", *map(self.value, op.results)]
        attributes = ", ".join(_attributes(op))
        if attributes:
            lines.append(_small(_shortened(attributes)))
        return between.join(lines)

    def value(self, value: Value) -> str:
        name = escape(f"%{self.names[value]}")
        return f"{name} {_small(_short(value.type))}"

    def edges(self, op: Operation) -> None:
        for index, value in enumerate(op.operands):
            label = f"{self.result_word(value)} {_keyword(op, index)}".strip()
            attributes = f'label="{label}"' if label else ""
            self.edge(self.source(value), self.target(op, index), attributes)
        for argument in _carried(op):
            self.edge(self.nodes[_end(op)], self.nodes[argument], _NEXT_ITERATION)

    def edge(self, source: str, target: str, attributes: str) -> None:
        self.line(f"{source} -> {target}{f' [{attributes}]' if attributes else ''}")

    def result_word(self, value: Value) -> str:
        """Which of several results an edge carries; arguments have nodes of their own."""
        several = value not in self.nodes and len(value.op.result_types) > 1
        return f"%{self.names[value]}" if several else ""

    def source(self, value: Value) -> str:
        if value in self.nodes:
            return self.nodes[value]
        return self.nodes[_end(value.op) if value.op.regions else value.op]

    def target(self, op: Operation, index: int) -> str:
        if not op.regions:
            return self.nodes[op]
        inside = op.regions[0].arguments
        bound = (v for v in inside if argument_operand(op, v.index) == index)
        return self.nodes[next(bound, _end(op))]


def _end(op: Operation) -> Operation:
    """The terminator of an operation's body. It has no body itself."""
    return op.regions[0].end


def _carried(op: Operation) -> Iterator[Value]:
    """The arguments of a body that the iteration before gives."""
    for argument in op.regions[0].arguments if op.regions else ():
        operand = argument_operand(op, argument.index)
        if operand is not None and _keyword(op, operand) in _CARRIED:
            yield argument


def _keyword(op: Operation, index: int) -> str:
    """The keyword of the part of the pretty form in which an operand stands."""
    groups: tuple[Group, ...] = definition_of(op.name).operand_groups
    if not groups:
        return ""
    parts = zip(groups, segments_of(op), strict=True)
    return next(group.keyword for group, segment in parts if index in segment)


def _attributes(op: Operation) -> Iterator[str]:
    """Those of the definition; what passes record belongs to the text."""
    for attribute in DEFINITIONS[op.name].attributes:
        if attribute.name in op.attributes and attribute.kind != "symbol":
            yield f"{attribute.name} = {print_attribute(op.attributes[attribute.name])}"


def _colours(op: Operation) -> tuple[str, str]:
    dialect, dot, _ = op.name.partition(".")
    return COLOURS[dialect if dot else "builtin"]


def _style(op: Operation) -> str:
    fill, border = _colours(op)
    if op.name in _CONSTANTS:
        return f'style="rounded,dashed" color="{_GREY}" fontcolor="{_GREY}"'
    wide = " penwidth=2" if DEFINITIONS[op.name].terminator else ""
    return f'fillcolor="{fill}" color="{border}"{wide}'


def _short(type_: Type) -> str:
    """A type without what is the same in every type."""
    if not isinstance(type_, TensorType):
        return str(type_).removeprefix("!fx.")
    sizes = "".join(f"{'?' if size is None else size}x" for size in type_.shape)
    encoding = f" {type_.encoding}" if type_.encoding else ""
    return f"{sizes}{_short(type_.element)}{encoding}"


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _small(text: str) -> str:
    return f'<FONT POINT-SIZE="9">{escape(text)}</FONT>'
