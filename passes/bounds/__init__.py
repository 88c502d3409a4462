"""Which values a module can have at all: intervals that are proven for every input."""
