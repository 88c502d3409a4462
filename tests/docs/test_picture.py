"""The picture of the cell shows what the compiler makes of the example today."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from lstmir import passes
from lstmir.flow.models import load_model
from lstmir.pipeline.passes import Context
from lstmir.pipeline.text import parse_pipeline
from lstmir.syntax.dot import print_dot
from tests.syntax.test_dot import read

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "language" / "lstm_cell.svg"
MODEL = ROOT / "examples" / "vowels" / "vowels_h32.json"
PIPELINE = "isolate-sample,expand-cells,canonicalize"

_SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_shows_the_cell() -> None:
    passes.load()
    module = load_model(str(MODEL))
    for pass_ in parse_pipeline(PIPELINE):
        pass_.run(module, Context())
    picture = read(print_dot(module))
    nodes = {_title(g): _words(g) for g in _groups("node")}
    assert nodes == {node: label.split() for node, label in picture.nodes.items()}
    assert len(_groups("edge")) == len(picture.edges) + len(picture.dashed)
    assert [_words(g) for g in _groups("cluster")] == [label.split() for label in picture.clusters]


def test_the_page_says_how_it_was_made() -> None:
    page = (PICTURE.parent / "syntax.md").read_text(encoding="utf-8")
    assert PICTURE.name in page and f'-p "{PIPELINE}" --emit-dot' in page


def _groups(kind: str) -> list[ElementTree.Element]:
    root = ElementTree.parse(PICTURE).getroot()
    return [group for group in root.iter(f"{_SVG}g") if group.get("class") == kind]


def _title(group: ElementTree.Element) -> str:
    return group.findtext(f"{_SVG}title") or ""


def _words(group: ElementTree.Element) -> list[str]:
    return [word for text in group.iter(f"{_SVG}text") for word in (text.text or "").split()]
