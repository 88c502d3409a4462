"""Identifiers: names of the IR as C++ can spell them."""

from __future__ import annotations

import re
from collections.abc import Iterable

# The keywords up to C++20, and the macros of lower case that the headers around us define.
_KEYWORDS = """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t char8_t
    class co_await co_return co_yield compl concept const const_cast consteval constexpr constinit continue
    decltype default delete do double dynamic_cast else enum explicit export extern false float for friend
    goto if inline int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private
    protected public register reinterpret_cast requires return short signed sizeof static static_assert
    static_cast struct switch template this thread_local throw true try typedef typeid typename union
    unsigned using virtual void volatile wchar_t while xor xor_eq
    ap_bigint ap_biguint assert errno i386 linux stderr stdin stdout unix
"""
KEYWORDS = frozenset(_KEYWORDS.split())


def identifier(hint: str) -> str:
    """The nearest name that means nothing in C++ yet.

    Names in capitals are macros' by custom, those with two underscores or one in front the
    compiler's, and those like `s8_4` are ours for formats.
    """
    legal = re.sub(r"[^A-Za-z0-9]+", "_", hint).strip("_")
    if not legal or legal[0].isdigit():
        legal = f"n{legal}"
    is_macro = len(legal) > 1 and legal.isupper()
    is_format = re.fullmatch(r"[su]\d+_m?\d+", legal)
    return f"{legal}_" if is_macro or is_format or legal in KEYWORDS else legal


class Scope:
    """Names that are visible together: each is given once, here and in the scopes around."""

    def __init__(self, parent: Scope | None = None, taken: Iterable[str] = ()) -> None:
        self._parent = parent
        self._taken = set(taken)

    def take(self, hint: str) -> str:
        """The identifier nearest to `hint` that is still free: `x`, `x_1`, `x_2`, …"""
        base = identifier(hint)
        name, count = base, 0
        while name in self:
            count += 1
            name = f"{base}_{count}"
        self._taken.add(name)
        return name

    def __contains__(self, name: str) -> bool:
        return name in self._taken or (self._parent is not None and name in self._parent)
