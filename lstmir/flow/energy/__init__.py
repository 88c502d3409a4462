"""What an inference takes of energy: work counted from the schedule, times constants of the part."""
