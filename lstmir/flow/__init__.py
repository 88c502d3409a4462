"""What a user asks for, made of the parts."""
