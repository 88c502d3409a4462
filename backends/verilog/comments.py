"""What the head of each module says of it."""

from __future__ import annotations

import re
from textwrap import wrap

from lstmir.backends.verilog.hierarchy import Unit
from lstmir.ir.diagnostics import UserError
from lstmir.ir.module import Function

_COLUMNS = 100
_TOP = (
    "One clock; reset is synchronous and active high. A remark s<W,F> or u<W,F> is a number "
    "format: W bits, signed or unsigned, which are worth their integer times 2**-F."
)


class Comments:
    """The sentences that a function has about its units, in its attribute `units`.

    A key is a unit's path, `array.lane_3`, or that of all that differ in their numbers,
    `array.lane`; the function's own name is that of the whole. Raises `UserError` if the attribute
    is no dictionary of strings.
    """

    def __init__(self, function: Function) -> None:
        self._design = function.name
        self._sentences = function.attributes.get("units", {})
        is_dictionary = isinstance(self._sentences, dict)
        if not is_dictionary or not all(isinstance(s, str) for s in self._sentences.values()):
            raise UserError(
                "the attribute 'units' must be a dictionary from units to sentences about them, "
                'such as {array = "Multiplies."}',
                location=function.location,
            )

    def head(self, module: str, unit: Unit) -> list[str]:
        """The comment in front of a module, of which `unit` is an instance."""
        sentence = self._sentence(unit)
        if not unit.path:
            title = f"{module}: printed by lstmir from the IR's register-transfer level."
            return _comment(title) + _comment(sentence) + _comment(_TOP)
        title = f"{module}, a unit of {self._design}"
        return _comment(f"{title}: {sentence}" if sentence else f"{title}.")

    def _sentence(self, unit: Unit) -> str:
        path = ".".join(unit.path) or self._design
        general = re.sub(r"_\d+(?=\.|$)", "", path)
        return str(self._sentences.get(path, self._sentences.get(general, "")))


def _comment(text: str) -> list[str]:
    return [f"// {line}" for line in wrap(text, _COLUMNS - 3)]
