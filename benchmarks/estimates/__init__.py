"""What the estimates of resources and clock are fitted on, and how far off they are."""
