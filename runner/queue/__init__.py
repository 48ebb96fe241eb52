"""What is sent to Redis and taken from it."""
