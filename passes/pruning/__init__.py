"""How networks lose weights: what may go together, and what goes."""
