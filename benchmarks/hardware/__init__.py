"""What the machine takes of an FPGA and how fast it is, beside its ideal and its peers."""
