"""Printers of finished designs."""
