"""How fast modules are run at levels 3 and 5, beside three other ways to run the same."""
