"""Readers of models: ONNX files, or the same in JSON, become modules of level 1."""
