"""What `tile` is made of: the reading of a cell, the choice of an array, the loop nests."""
