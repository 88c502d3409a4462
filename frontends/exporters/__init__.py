"""What the helpers over other tools' exporters share."""
