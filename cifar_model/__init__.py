"""The science: data sets, network, training, evaluation and explanations."""
