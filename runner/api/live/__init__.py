"""What the live page asks for, and the words for what was done."""
