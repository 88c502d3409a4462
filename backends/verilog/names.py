"""Identifiers: names of the IR as Verilog can spell them."""

from __future__ import annotations

import re

# Verilog-2001, what SystemVerilog adds, and the words of C++ that simulators stumble over.
_WORDS = """
    always and assign automatic begin buf bufif0 bufif1 case casex casez cell cmos config deassign
    default defparam design disable edge else end endcase endconfig endfunction endgenerate
    endmodule endprimitive endspecify endtable endtask event for force forever fork function
    generate genvar highz0 highz1 if ifnone incdir include initial inout input instance integer join
    large liblist library localparam macromodule medium module nand negedge nmos nor
    noshowcancelled not notif0 notif1 or output parameter pmos posedge primitive pull0 pull1
    pulldown pullup pulsestyle_ondetect pulsestyle_onevent rcmos real realtime reg release repeat
    rnmos rpmos rtran rtranif0 rtranif1 scalared showcancelled signed small specify specparam
    strong0 strong1 supply0 supply1 table task time tran tranif0 tranif1 tri tri0 tri1 triand trior
    trireg unsigned use vectored wait wand weak0 weak1 while wire wor xnor xor

    accept_on alias always_comb always_ff always_latch assert assume before bind bins binsof bit
    break byte chandle checker class clocking const constraint context continue cover covergroup
    coverpoint cross dist do endchecker endclass endclocking endgroup endinterface endpackage
    endprogram endproperty endsequence enum eventually expect export extends extern final
    first_match foreach forkjoin global iff ignore_bins illegal_bins implements implies import
    inside int interconnect interface intersect join_any join_none let local logic longint matches
    modport nettype new nexttime null package packed priority program property protected pure rand
    randc randcase randsequence ref reject_on restrict return s_always s_eventually s_nexttime
    s_until s_until_with sequence shortint shortreal soft solve static string strong struct super
    sync_accept_on sync_reject_on tagged this throughout timeprecision timeunit type typedef union
    unique unique0 until until_with untyped uwire var virtual void wait_order weak wildcard with
    within

    alignas alignof and_eq asm auto bitand bitor bool catch char char16_t char32_t char8_t co_await
    co_return co_yield compl concept const_cast consteval constexpr constinit decltype delete double
    dynamic_cast explicit false float friend goto inline long mutable namespace noexcept not_eq
    nullptr operator or_eq private public reflexpr register reinterpret_cast requires short
    signed sizeof static_assert static_cast switch template thread_local throw true try typeid
    typename using volatile wchar_t xor_eq
    """
RESERVED = frozenset(_WORDS.split())


def identifier(name: str) -> str:
    """The nearest legal name: any other character becomes `_`."""
    legal = re.sub(r"[^A-Za-z0-9_]", "_", name)
    if not legal or legal[0].isdigit():
        legal = f"n{legal}"
    return f"{legal}_" if legal.lower() in RESERVED else legal


class Names:
    """Hands out each name once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, hint: str) -> str:
        """The legal name nearest to `hint` that is still free: `x`, `x_1`, `x_2`, …"""
        base = identifier(hint)
        name, count = base, 0
        while name in self._taken:
            count += 1
            name = f"{base}_{count}"
        self._taken.add(name)
        return name
