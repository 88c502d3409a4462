"""The options of a pass: fields of its dataclass, written `name=value` in pipeline text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, get_type_hints

from lstmir.ir.diagnostics import suggestion
from lstmir.pipeline.passes import Pass

_PLAIN = re.compile(r"[^\s{}\",=]+")
_TRUTH = {"true": True, "false": False}


class BadOption(Exception):
    """An option that a pass does not have, or a value that it cannot take.

    `option` is the name as written, or None where the options together are at fault.
    """

    def __init__(self, message: str, option: str | None = None) -> None:
        super().__init__(message)
        self.option = option


@dataclass(frozen=True)
class Option:
    """One option: what it is called in text, what it takes, and what it is left alone."""

    name: str
    field: str
    kind: str
    default: Any
    help: str

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is MISSING


def _integer(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        raise ValueError
    return int(text)


def _number(text: str) -> float:
    number = float(text)
    if number - number != 0:  # NaN, or infinite
        raise ValueError
    return number


def _truth(text: str) -> bool:
    if text not in _TRUTH:
        raise ValueError
    return _TRUTH[text]


_KINDS: dict[type, tuple[str, Callable[[str], Any]]] = {
    bool: ("true or false", _truth),
    int: ("an integer", _integer),
    float: ("a number", _number),
    str: ("a string", str),
}


def options_of(pass_class: type[Pass]) -> dict[str, Option]:
    """The options of a pass by name, in the order of its fields.

    Raises TypeError for a field that is no int, float, bool or str.
    """
    hints = get_type_hints(pass_class)
    found = {}
    for field in fields(pass_class):  # type: ignore[arg-type]
        if hints[field.name] not in _KINDS:
            raise TypeError(f"an option cannot be a {hints[field.name]}: {field.name}")
        name = field.name.replace("_", "-")
        kind, _ = _KINDS[hints[field.name]]
        text = field.metadata.get("help", "")
        found[name] = Option(name, field.name, kind, field.default, text)
    return found


def make_pass(pass_class: type[Pass], texts: Mapping[str, str]) -> Pass:
    """The pass with options given as text; raises `BadOption`.

    A pass refuses a value of the right type by raising ValueError in `__post_init__`.
    """
    options, hints = options_of(pass_class), get_type_hints(pass_class)
    values: dict[str, Any] = {}
    for name, text in texts.items():
        option = options.get(name)
        if option is None:
            raise BadOption(_unknown(pass_class, name, options), name)
        expected, read = _KINDS[hints[option.field]]
        try:
            values[option.field] = read(text)
        except ValueError:
            message = f"the option '{name}' of '{pass_class.name}' takes {expected}, not '{text}'"
            raise BadOption(message, name) from None
    missing = [o.name for o in options.values() if o.required and o.field not in values]
    if missing:
        raise BadOption(f"'{pass_class.name}' needs the option '{missing[0]}'")
    try:
        return pass_class(**values)
    except ValueError as error:
        raise BadOption(f"{pass_class.name}: {error}") from error


def _unknown(pass_class: type[Pass], name: str, options: Mapping[str, Option]) -> str:
    known = ", ".join(options) or "none"
    near = suggestion(name, options) or f"; its options: {known}"
    return f"'{pass_class.name}' has no option '{name}'{near}"


def option_texts(pass_: Pass) -> dict[str, str]:
    """What must be written to make this pass: the options that are not at their default."""
    values = {o: getattr(pass_, o.field) for o in options_of(type(pass_)).values()}
    return {o.name: print_value(value) for o, value in values.items() if value != o.default}


def print_value(value: Any) -> str:
    """An option's value as pipeline text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
