"""The committed pages and editor files are those that the operation table gives."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from lstmir.ir.definition import DEFINITIONS, OpDefinition
from lstmir.syntax.reference import operations_of, pages
from tests.syntax.examples import with_examples

ROOT = Path(__file__).parents[2]
LANGUAGE = ROOT / "docs" / "language"
WRITTEN_BY_HAND = {"syntax.md"}

GENERATED: dict[Path, str] = runpy.run_path(str(ROOT / "docs" / "generate.py"))["generated"]()


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: path.name)
def test_a_generated_file_is_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == GENERATED[path], "run 'make docs'"


def test_no_page_is_left_over() -> None:
    found = {path.name for path in LANGUAGE.glob("*.md")} - WRITTEN_BY_HAND
    assert found == set(pages())


def test_every_operation_stands_on_one_page() -> None:
    names = [page.removesuffix(".md") for page in pages() if page != "README.md"]
    listed = [each.name for name in names for each in operations_of(name)]
    assert sorted(listed) == sorted(DEFINITIONS)


@pytest.mark.parametrize("definition", with_examples(), ids=lambda definition: definition.name)
def test_a_page_tells_everything_of_an_operation(definition: OpDefinition) -> None:
    section = _section(definition)
    assert definition.summary in section
    assert f"```mlir\n{definition.example}\n```" in section
    assert ("terminator" in section) == definition.terminator
    assert ("has a body" in section) == definition.has_region
    names = [group.keyword for group in definition.groups] or definition.operands
    for name in (*names, *definition.results):
        assert f"`{name}" in section
    for attribute in definition.attributes:
        (row,) = (line for line in section.splitlines() if f"| `{attribute.name}` |" in line)
        assert attribute.expected in row
        assert ("required" if attribute.required else "optional") in row
        assert attribute.summary in row


def _section(definition: OpDefinition) -> str:
    dialect = definition.name.rpartition(".")[0] or "builtin"
    _, _, rest = pages()[f"{dialect}.md"].partition(f"\n## {definition.name}\n")
    return rest.partition("\n## ")[0]


@pytest.mark.parametrize("name", pages())
def test_the_rows_of_a_table_have_equally_many_cells(name: str) -> None:
    for table in re.findall(r"(?:^\|.*\n)+", pages()[name], re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1


@pytest.mark.parametrize("page", sorted(LANGUAGE.parent.rglob("*.md")), ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^):]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        linked = page.parent / path if path else page
        assert linked.exists(), target
        assert not anchor or anchor in _anchors(linked), target


def _anchors(page: Path) -> set[str]:
    """The anchors of headings as GitHub and MkDocs make them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
