"""What an inference takes of energy: by the model on an FPGA, by time and power on a processor."""
