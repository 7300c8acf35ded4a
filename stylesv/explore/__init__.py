"""A page to play with a generator: what is shown, how it is made, and the server that shows it."""
