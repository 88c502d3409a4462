"""Pipeline text to passes and back, and what is said of text that is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmir.ir.diagnostics import UsageError, UserError, suggestion
from lstmir.ir.module import Module
from lstmir.pipeline.options import options_of
from lstmir.pipeline.passes import Context, Pass, Promise
from lstmir.pipeline.text import parse_flag, parse_pipeline, print_pipeline


@dataclass(frozen=True)
class Shave:
    """A pass with an option of each kind."""

    name: ClassVar[str] = "shave"
    summary: ClassVar[str] = "for tests"
    promise: ClassVar[Promise] = Promise.EXACT

    ratio: float = 0.5
    shape: str = "bank"
    rounds: int = 1
    in_place: bool = field(default=False, metadata={"help": "whether to copy"})

    def __post_init__(self) -> None:
        if not 0 <= self.ratio <= 1:
            raise ValueError(f"a ratio is 0 to 1, not {self.ratio}")

    def run(self, module: Module, context: Context) -> None: ...


@dataclass(frozen=True)
class Brush:
    """A pass with an option that must be given."""

    name: ClassVar[str] = "brush"
    summary: ClassVar[str] = "for tests"
    promise: ClassVar[Promise] = Promise.EXACT

    size: int

    def run(self, module: Module, context: Context) -> None: ...


CLASSES: dict[str, type[Pass]] = {"shave": Shave, "brush": Brush}


def find(name: str) -> type[Pass]:
    if name not in CLASSES:
        raise UsageError(f"unknown pass '{name}'{suggestion(name, CLASSES)}")
    return CLASSES[name]


@dataclass(frozen=True)
class Template:
    """A named pipeline with the option `n`."""

    text: str

    def pipeline(self, options: dict[str, str]) -> str:
        for option in options:
            if option != "n":
                raise UsageError(f"no option '{option}'")
        return self.text.replace("$n", options.get("n", "3"))


NAMED = {
    "twice": Template("shave{rounds=$n},shave{rounds=$n}"),
    "outer": Template("brush{size=1},twice{n=$n}"),
    "endless": Template("brush{size=1},endless"),
    "broken": Template("shave{rounds=x}"),
}


def parse(text: str) -> list[Pass]:
    return parse_pipeline(text, find=find, named=NAMED)


def test_text_to_passes() -> None:
    assert parse("") == parse(" \n") == []
    assert parse("shave") == [Shave()]
    assert parse(" shave { ratio = 0.25  in-place=true } ,\nbrush{size=-3}") == [
        Shave(ratio=0.25, in_place=True),
        Brush(-3),
    ]
    assert parse('shave{shape="a, b}={\\"" in_place=true ratio=1}') == [
        Shave(shape='a, b}={"', in_place=True, ratio=1.0)
    ]


def test_named_pipelines_expand() -> None:
    assert parse("outer{n=5}") == [Brush(1), Shave(rounds=5), Shave(rounds=5)]
    assert parse("twice,shave") == [Shave(rounds=3), Shave(rounds=3), Shave()]


def test_only_what_is_not_the_default_is_printed() -> None:
    passes: list[Pass] = [Shave(), Shave(rounds=2, in_place=True), Brush(4), Shave(shape="")]
    assert (
        print_pipeline(passes)
        == 'shave,shave{rounds=2 in-place=true},brush{size=4},shave{shape=""}'
    )
    assert print_pipeline([]) == ""


SHAVES = st.builds(
    Shave,
    ratio=st.floats(0, 1),
    shape=st.text(),
    rounds=st.integers(-(10**17), 10**17),
    in_place=st.booleans(),
)


@settings(max_examples=200, deadline=None)
@given(passes=st.lists(st.one_of(SHAVES, st.builds(Brush, st.integers(-9, 9))), max_size=4))
def test_printing_is_the_inverse(passes: list[Pass]) -> None:
    text = print_pipeline(passes)
    assert parse(text) == passes
    assert print_pipeline(parse(text)) == text


ERRORS = {
    "shav": ("1:1", "unknown pass 'shav'; did you mean 'shave'?", ""),
    "oter": ("1:1", "unknown pass 'oter'; did you mean 'outer'?", ""),
    "shave,": ("1:7", "expected the name of a pass", ""),
    ",shave": ("1:1", "expected the name of a pass, found ','", ""),
    "shave brush": ("1:7", "expected ',' or the end, found 'b'", ""),
    "shave{": ("1:7", "expected an option (name=value) or '}'", ""),
    "shave{ratio}": ("1:12", "expected '=', found '}'", ""),
    "shave{ratio=}": ("1:13", "expected a value, found '}'", ""),
    'shave{shape="a}': ("1:13", "expected a value, found '\"'", ""),
    "shave{ratoi=0.5}": ("1:7", "'shave' has no option 'ratoi'; did you mean 'ratio'?", ""),
    "shave{q=0.5}": (
        "1:7", "'shave' has no option 'q'; its options: ratio, shape, rounds, in-place", ""
    ),
    "shave{rounds=0.5}": ("1:7", "the option 'rounds' of 'shave' takes an integer, not '0.5'", ""),
    "shave{rounds=1000000000000000000000}": (
        "1:7", "the option 'rounds' of 'shave' takes an integer, not '1000000000000000000000'", ""
    ),
    "shave{ratio=half}": ("1:7", "the option 'ratio' of 'shave' takes a number, not 'half'", ""),
    "shave{ratio=nan}": ("1:7", "the option 'ratio' of 'shave' takes a number, not 'nan'", ""),
    "brush{size=1},shave{in-place=1}": (
        "1:21", "the option 'in-place' of 'shave' takes true or false, not '1'", ""
    ),
    "shave{ratio=2}": ("1:1", "shave: a ratio is 0 to 1, not 2.0", ""),
    "shave{ratio=0.5 ratio=0.5}": ("1:17", "the option 'ratio' is given twice", ""),
    "brush": ("1:1", "'brush' needs the option 'size'", ""),
    "shave,twice{m=1}": ("1:7", "no option 'm'", ""),
    "broken": ("1:7", "the option 'rounds' of 'shave' takes an integer, not 'x'", " broken"),
    "endless": ("1:15", "the pipeline 'endless' expands to itself", " endless"),
}  # fmt: skip


@pytest.mark.parametrize("text", ERRORS)
def test_errors_point_into_the_text(text: str) -> None:
    place, message, where = ERRORS[text]
    with pytest.raises(UserError) as error:
        parse(text)
    assert error.value.exit_status == 2
    assert str(error.value).splitlines()[0] == f"<pipeline{where}>:{place}: error: {message}"


def test_the_text_is_shown_with_a_caret() -> None:
    with pytest.raises(UserError) as error:
        parse("brush{size=1},shave{ratoi=0.5}")
    assert str(error.value).splitlines()[1:] == [
        "  brush{size=1},shave{ratoi=0.5}",
        "                      ^",
    ]


@settings(max_examples=300, deadline=None)
@given(text=st.text(alphabet='shavebru{}=,"\\ 0.5-\n', max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        passes = parse(text)
    except UserError as error:
        assert error.exit_status == 2
        assert all(diagnostic.location for diagnostic in error.diagnostics)
    else:
        assert parse(print_pipeline(passes)) == passes


def test_a_field_of_another_kind_is_a_mistake_of_the_pass() -> None:
    @dataclass(frozen=True)
    class Odd(Shave):
        sizes: tuple[int, ...] = ()

    with pytest.raises(TypeError, match="an option cannot be a tuple"):
        options_of(Odd)


def test_flags_to_passes() -> None:
    assert parse_flag("shave", "", find=find) == Shave()
    assert parse_flag("shave", ' ratio = 1 shape="a }" in_place=true', find=find) == Shave(
        ratio=1.0, shape="a }", in_place=True
    )


FLAG_ERRORS = {
    ("shave", "ratio=0.5 rounds=x"): (
        "1:19: error: the option 'rounds' of 'shave' takes an integer, not 'x'"
    ),
    ("shave", "ratio=0.5,rounds=1"): "1:18: error: expected an option (name=value), found ','",
    ("shave", "ratio=1 ratio=1"): "1:17: error: the option 'ratio' is given twice",
    ("shave", "ratio=2"): "1:1: error: shave: a ratio is 0 to 1, not 2.0",
    ("brush", ""): "1:1: error: 'brush' needs the option 'size'",
    ("shav", ""): "1:1: error: unknown pass 'shav'; did you mean 'shave'?",
}


@pytest.mark.parametrize("flag", FLAG_ERRORS)
def test_errors_point_into_the_flag(flag: tuple[str, str]) -> None:
    with pytest.raises(UserError) as error:
        parse_flag(*flag, find=find)
    assert error.value.exit_status == 2
    lines = str(error.value).splitlines()
    assert lines[0] == f"<command line>:{FLAG_ERRORS[flag]}"
    assert lines[1] == f"  --{'='.join(word for word in flag if word)}"
