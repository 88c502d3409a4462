"""The golden model: it runs every level of the IR, and its bits are the definition."""
