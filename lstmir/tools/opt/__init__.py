"""The parts of `lstmir-opt`. Nothing slow is imported before there is IR to work on."""
