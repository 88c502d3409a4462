"""Parts of models: where to cut, and the shapes there."""
