"""The compiler's core data: types, attributes, operations, regions, modules, diagnostics."""
