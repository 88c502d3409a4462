"""How large a design is, and how fast, before anything is synthesized; and which design fits."""
