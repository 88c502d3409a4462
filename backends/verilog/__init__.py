"""Verilog-2001 and its test bench."""
