"""Fits the weights of a network that was changed to what it was, by runs of both."""
