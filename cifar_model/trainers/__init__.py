"""Trainers: functions `train(params, context)` that are whole training loops, in any framework."""
