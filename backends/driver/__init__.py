"""The host's side of a design: `host` is what `lstmir compile` copies into its folder."""
