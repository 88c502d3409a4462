"""The axis of samples, followed through each operation: what `isolate-sample` is made of."""
