"""What depends on the library that Keras computes with."""
