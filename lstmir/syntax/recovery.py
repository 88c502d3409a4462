"""Reads a text with mistakes in it, and goes on behind each to find the next.

As with yacc's `error`, what cannot be read is replaced by one token, BROKEN, which the grammar
takes for an operation or a function. It reaches up to the line that may begin the next one, as far
as indentation tells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from lark import Lark, Token, v_args
from lark.exceptions import UnexpectedInput

from lstmir.ir.diagnostics import Diagnostics, Location, Source
from lstmir.syntax import tokens
from lstmir.syntax.grammar import OWN, open_grammar
from lstmir.syntax.tokens import MalformedToken, offset_of
from lstmir.syntax.tree import BrokenSyntax, ModuleSyntax, OperationSyntax
from lstmir.syntax.tree_builder import TreeBuilder
from lstmir.syntax.unexpected import is_end, message_of, offset_of_error

MAX_ERRORS = 20
"""After so many, a text is given up."""

_LINE = re.compile(r"^([^\S\n]*)([^\s/]|/(?!/))", re.MULTILINE)


def parse_with_recovery(source: Source, diagnostics: Diagnostics) -> ModuleSyntax | None:
    """What a text says where it can be read; None if there is no going on.

    Every mistake goes to `diagnostics`.
    """
    parser = open_grammar(OWN, _CarefulTreeBuilder(source, diagnostics))
    recovery = _Recovery(source, diagnostics, parser)
    try:
        syntax: Any = parser.parse(source.text, start="module", on_error=recovery.resume)
    except UnexpectedInput:
        return None
    assert isinstance(syntax, ModuleSyntax)
    return syntax


@v_args(inline=True)
class _CarefulTreeBuilder(TreeBuilder):
    """Reports what makes no sense, and takes the operation that has it as broken."""

    def __init__(self, source: Source, diagnostics: Diagnostics) -> None:
        super().__init__()
        self.source = source
        self.diagnostics = diagnostics
        self.last_malformed = -1

    def understand(self, read: Callable[[Any], Any], written: Any) -> Any:
        try:
            return read(written)
        except MalformedToken as error:
            self.report(str(error), error.offset)
            return None

    def report(self, message: str, offset: int) -> None:
        """What holds something malformed may be so for the same reason: it is said once."""
        errors = self.diagnostics.errors
        is_new = self.last_malformed < 0 or message != errors[-1].message
        if is_new and len(errors) < MAX_ERRORS:
            self.diagnostics.error(message, Location(self.source, offset))
        self.last_malformed = offset

    def operation(
        self, results: tuple[str, ...] | None, body: OperationSyntax
    ) -> OperationSyntax | BrokenSyntax:
        if self.last_malformed < body.offset:
            return super().operation(results, body)
        self.last_malformed = -1
        return BrokenSyntax(results or ())

    def inline(self, *items: Any) -> Any:
        self.understand(tokens.distinct, items)
        return dict(filter(None, items))


class _Recovery:
    """Puts the parser back to where an operation or a function may begin."""

    def __init__(self, source: Source, diagnostics: Diagnostics, grammar: Lark) -> None:
        self.source = source
        self.diagnostics = diagnostics
        self.grammar = grammar

    def resume(self, error: UnexpectedInput) -> bool:
        """Report an error and go on behind it; False if there is no going on."""
        # What is missing at the end of the file after an error was lost by going on behind it.
        if is_end(error) and self.diagnostics.errors:
            return False
        offset = offset_of_error(error, self.source)
        message = message_of(error, self.source, offset, self.grammar)
        self.diagnostics.error(message, Location(self.source, offset))
        if is_end(error) or len(self.diagnostics.errors) >= MAX_ERRORS:
            return False
        parser: Any = error.interactive_parser
        return self.skip(parser, offset)

    def skip(self, parser: Any, offset: int) -> bool:
        """Let BROKEN stand for everything from the last beginning up to the next one."""
        state = parser.parser_state
        states = state.parse_conf.states
        if "$END" in states[state.position]:  # the module is whole: nothing begins behind it
            return False
        depth, start = len(state.state_stack), offset
        while "BROKEN" not in states[state.state_stack[depth - 1]] or not self.is_first(start):
            depth -= 1
            if not depth:
                return False
            start = min(_offsets([state.value_stack[depth - 1]]), default=start)
        end = self.next_beginning(start, offset)
        if end is None:
            return False
        del state.state_stack[depth:], state.value_stack[depth - 1 :]
        parser.feed_token(Token("BROKEN", self.source.text[start:end], start))
        parser.lexer_thread.state.line_ctr.char_pos = end
        return True

    def is_first(self, offset: int) -> bool:
        """Whether nothing stands before an offset in its line."""
        return not self.source.text[self.source.text.rfind("\n", 0, offset) + 1 : offset].strip()

    def next_beginning(self, start: int, offset: int) -> int | None:
        """Where a line behind `offset` begins a sibling of what begins at `start`, or ends its parent."""
        text = self.source.text
        indent = _indentation(text, start)
        for line in _LINE.finditer(text, _line_after(text, start, offset)):
            closes = line[2] == "}"
            if len(line[1]) < indent or (len(line[1]) == indent and not closes):
                return line.start(2)
        return None


def _line_after(text: str, start: int, offset: int) -> int:
    """Where the first line begins that may hold a beginning: it may be what was found at `offset`."""
    own = text.rfind("\n", 0, offset) + 1
    if start < own and not text[own:offset].strip():
        return own
    end = text.find("\n", offset)
    return len(text) if end < 0 else end + 1


def _indentation(text: str, offset: int) -> int:
    """Blanks before the first character of the line of an offset."""
    line = text[text.rfind("\n", 0, offset) + 1 :]
    return len(line) - len(line.lstrip(" \t"))


def _offsets(values: Any) -> Iterator[int]:
    """The places of all tokens in what the parser has put together."""
    for value in values:
        if isinstance(value, Token):
            yield offset_of(value)
        elif isinstance(value, OperationSyntax):
            yield value.offset
        elif isinstance(value, tuple):
            yield from _offsets(value)
