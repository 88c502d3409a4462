"""Choosing how each gate's weights are stored."""
