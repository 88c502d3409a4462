"""Imported values: their axes, and their elements where these follow from constants and shapes."""
