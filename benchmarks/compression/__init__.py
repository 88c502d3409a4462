"""How small recipes make trained networks, and what that costs on data that the choice never saw."""
