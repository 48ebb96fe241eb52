"""Networks: functions of an image's shape, the number of classes and parameters."""
