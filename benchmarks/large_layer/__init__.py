"""How long compression of a layer of 4096 x 2048 weights takes, and how much memory."""
