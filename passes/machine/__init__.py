"""The machine that `lower-to-rtl` builds: how a tiled program is read, timed, and made of units."""
