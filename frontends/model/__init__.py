"""A model as its file says it: messages, nodes and attributes, and tensors wherever they stand."""
