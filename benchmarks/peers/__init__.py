"""Other tools that run a sweep, each in an environment of its own, with the same Keras as ours."""
