"""The demo: a synthetic factory, real data, and the story told on either."""
