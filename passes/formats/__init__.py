"""How matrices are rounded: codes and exponents by gate, and what they may cost."""
