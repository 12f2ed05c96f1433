"""The options of each method, as the structs that the server reads them into."""

import importlib
import importlib.util

from meanrev_server import handlers, weights_stream
from meanrev_server.research import catalogue
from meanrev_server.rpc import options
from meanrev_server.rpc.registry import module_name
from meanrev_wire import meanrev_pb2, research_pb2

__all__ = ["OPTIONS", "SERVICE"]

SERVICE = meanrev_pb2.DESCRIPTOR.services_by_name["MeanRevService"]
RESEARCH = research_pb2.DESCRIPTOR.services_by_name["MeanRevResearch"]


def of_handler(method):
    """Return the options struct that a method's handler declares, None where it declares none."""
    if importlib.util.find_spec(f"{handlers.__name__}.{module_name(method)}") is None:
        return None
    module = importlib.import_module(f"{handlers.__name__}.{module_name(method)}")
    structs = [
        value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__
    ]
    return next((struct for struct in structs if issubclass(struct, options.Options)), None)


HANDLED = {method.name: of_handler(method.name) for service in (SERVICE, RESEARCH) for method in service.methods}
OPTIONS = {
    **{method.name: HANDLED[method.name] or options.NoOptions for method in SERVICE.methods},
    **{method.name: HANDLED[method.name] for method in RESEARCH.methods if HANDLED[method.name]},
    "CaraOptimalWeights": weights_stream.WeightOptions,
    "SharpeOptimalWeights": weights_stream.WeightOptions,
    **{task.method: task.options_type for task in catalogue.TASKS.values()},
}
