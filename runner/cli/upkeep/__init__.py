"""The commands that keep a store in order: name, hide and remove what is there."""
