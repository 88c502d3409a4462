"""An LSTM that is the optimizer of another network, with the host and the accelerator in co-operation."""
