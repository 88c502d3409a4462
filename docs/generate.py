"""Writes the pages and files that derive from tables of the code: operations, a schema, constants."""

from pathlib import Path

from lstmir.frontends.model.schema import schema_text
from lstmir.syntax.reference import pages
from lstmir.syntax.textmate import textmate_grammar
from lstmir.targets.energy.page import constants_page

DOCS = Path(__file__).parent


def generated() -> dict[Path, str]:
    """Every generated file with its text."""
    files = {DOCS / "language" / name: text for name, text in pages().items()}
    files[DOCS / "energy-constants.md"] = constants_page()
    files[DOCS / "editors" / "lstmir.tmLanguage.json"] = textmate_grammar()
    return {**files, DOCS / "onnx-json.schema.json": schema_text()}


def main() -> None:
    """Write the files."""
    for path, text in generated().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
