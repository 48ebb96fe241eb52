"""Tell by the signature of a function whether it is a network or a trainer."""

from cifar_model.networks.network import Network
from cifar_model.networks.signature import find_network
from cifar_model.networks.source import read_source
from cifar_model.trainers.signature import find_trainer, takes_context

OPTION = "check"


def find(given: str) -> Network:
    """Return the network or trainer that FILE.py:function or package.module:function names."""
    if takes_context(read_source(given, OPTION), OPTION):
        return find_trainer(given, OPTION)
    return find_network(given)
