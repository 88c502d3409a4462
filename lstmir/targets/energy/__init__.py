"""What an FPGA spends on clocks, logic, multiplications and memory: a file of constants for each family."""
