"""From one snapshot to the next: one step, what it is made of, and what makes it resumable."""
