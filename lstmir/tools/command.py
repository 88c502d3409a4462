"""What both command lines share: exit statuses, arguments, reading and writing whole files."""

from __future__ import annotations

import argparse
import codecs
import os
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import NoReturn, Protocol

from lstmir.ir.diagnostics import (
    EXIT_FINDING,
    EXIT_INTERRUPTED,
    EXIT_USAGE,
    Location,
    Source,
    UsageError,
    UserError,
    suggestion,
)
from lstmir.pipeline.crash import PassCrash

# What a shell reports for a program that wrote into a closed pipe.
EXIT_BROKEN_PIPE = 141


class Main(Protocol):
    """A command line: arguments (those of the process for None) to an exit status."""

    def __call__(self, argv: Sequence[str] | None = None) -> int: ...


def command(main: Callable[[Sequence[str] | None], int]) -> Main:
    """Make a `main` that gives exit statuses for what goes wrong.

    A traceback is shown for what is a bug in lstmir, and never for what the user did.
    """

    @wraps(main)
    def guarded(argv: Sequence[str] | None = None) -> int:
        try:
            status = main(argv)
            sys.stdout.flush()
            return status
        except UserError as error:
            print(error, file=sys.stderr)
            return error.exit_status
        except PassCrash as crash:
            crash.print_traceback()
            print(crash.as_error(), file=sys.stderr)
            return EXIT_FINDING
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            return EXIT_INTERRUPTED
        except BrokenPipeError:
            # Whoever read has gone; what is still buffered must not complain at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return EXIT_BROKEN_PIPE
        except SystemExit as stop:  # argparse, after --help or --version
            return stop.code if isinstance(stop.code, int) else EXIT_USAGE

    return guarded


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are `UsageError`s, with the nearest name for an unknown flag."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(
            f"{self.prog}: {message}", notes=[f"{self.prog} --help says what there is"]
        )

    def parse(self, argv: Sequence[str] | None) -> argparse.Namespace:
        """As `parse_args`."""
        arguments, unknown = self.parse_known_args(argv)
        self.refuse(unknown)
        return arguments

    def refuse(self, unknown: Sequence[str]) -> None:
        """Raise `UsageError` for the first of the arguments that nobody knows."""
        if unknown:
            flag = unknown[0].split("=")[0]
            self.error(f"unknown argument '{flag}'{suggestion(flag, self._option_string_actions)}")


def positive(text: str) -> int:
    """A whole number of at least 1."""
    return _whole(text, 1, 2**31 - 1)


def multipliers(text: str) -> int | str:
    """How many, or `auto`."""
    return text if text == "auto" else positive(text)


def seed(text: str) -> int:
    """A seed of the random numbers."""
    return _whole(text, 0, 2**32 - 1)


def loss(text: str) -> float:
    """What may be lost: a number that is not negative."""
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a number, not '{text}'") from None
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"must be at least 0 and finite, not {text}")
    return number


def frequency(text: str) -> float:
    """A clock in MHz: a positive number."""
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a number of MHz, not '{text}'") from None
    if not 0 < number < 1e6:
        raise argparse.ArgumentTypeError(f"must be above 0 and below 1000000 MHz, not {text}")
    return number


def amount(text: str) -> float:
    """A positive number."""
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a number, not '{text}'") from None
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"must be above 0 and finite, not {text}")
    return number


def _whole(text: str, least: int, most: int) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a whole number, not '{text}'") from None
    if not least <= number <= most:
        limit = f"at least {least}" if number < least else f"at most {most}"
        raise argparse.ArgumentTypeError(f"must be {limit}, not {number}")
    return number


def read_text(path: str) -> str:
    """The text of a file, or of standard input for `-`.

    Raises `UsageError` where nothing can be read, `UserError` where it is no UTF-8.
    """
    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        legible, rest = data[: error.start].decode(), data[error.start :].decode("latin-1")
        place = Location(Source(display_name(path), legible + rest), len(legible))
        raise UserError(
            f"the byte 0x{ord(rest[0]):02x} is not UTF-8 text", location=place
        ) from error


def display_name(path: str) -> str:
    """The name under which errors cite a file."""
    return "<stdin>" if path == "-" else path


def write_text(path: str, text: str) -> None:
    """Write a file so that it appears only when it is whole; `-` is standard output.

    Raises `UsageError` where nothing can be written.
    """
    if path == "-":
        sys.stdout.write(text)
        return
    try:
        _replace(Path(path).resolve(), text)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def _replace(path: Path, text: str) -> None:
    if (
        path.exists() and not path.is_file()
    ):  # a device or a pipe; of a directory the system complains
        path.write_text(text, encoding="utf-8")
        return
    import tempfile

    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(path.stat().st_mode if path.exists() else 0o666 & ~_umask())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
