"""The headers ap_int.h and ap_fixed.h that the HLS C++ includes."""

from __future__ import annotations

from pathlib import Path

from lstmir.flow.toolchain import wheels
from lstmir.flow.toolchain.tool import Tool, ToolMissing

NAME = "ap_types"
HEADERS = ("ap_int.h", "ap_fixed.h")
INSIDE_HLS4ML = Path("templates", "vivado", "ap_types")
HINT = "install hls4ml (pip install hls4ml), or name a folder that holds ap_fixed.h"


def find(folder: Path | None = None) -> Tool:
    """The folder to give to the compiler as -I: `folder` if given, else the one in hls4ml's wheel.

    Raises `ToolMissing` where the headers are not there.
    """
    if folder is not None:
        return Tool(NAME, "given", _checked(folder))
    package = wheels.folder_of("hls4ml")
    if package is None:
        raise ToolMissing("no ap_fixed headers: hls4ml is not installed", HINT)
    return Tool(NAME, f"hls4ml {wheels.version_of('hls4ml')}", _checked(package / INSIDE_HLS4ML))


def _checked(folder: Path) -> Path:
    missing = [header for header in HEADERS if not (folder / header).is_file()]
    if missing:
        raise ToolMissing(f"no ap_fixed headers: {folder} has no {missing[0]}", HINT)
    return folder
