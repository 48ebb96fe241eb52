"""The thin layer between Celery and cifar_model."""
