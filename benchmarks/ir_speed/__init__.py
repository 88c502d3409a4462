"""How fast modules are read, checked, cleaned and printed, beside xDSL."""
