"""The rendered world: driving scenes, their pixels, and films of them, the raw videos of the demo."""
