"""Forms that take the place of a real function, and the proof of how far they are from it."""
