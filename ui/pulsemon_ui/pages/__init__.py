"""The pages: each asks, has the view models work it out, and shows it."""
