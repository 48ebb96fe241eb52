"""The private broker and workers that run on one machine when no broker is named."""
