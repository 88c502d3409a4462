"""The command lines, and nothing else."""
