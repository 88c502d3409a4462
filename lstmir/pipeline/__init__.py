"""How passes are described, named, combined and run."""
