"""A profile for `pytest --hypothesis-profile=deep`, of which the state machine makes use."""

from hypothesis import settings

settings.register_profile("deep")
