"""Principal components with the Gram matrix and its spectrum on a GPU, through cuBLAS and cuSOLVER."""

from gpu_kernels import device
from gpu_kernels.checks import Floats
from gpu_kernels.pca import driver
from gpu_kernels.pca.model import Pca

__all__ = ["fit"]


def fit(returns: Floats, kept: int, scaling: str) -> Pca:
    """Find the first `kept` components; see the contract.

    Raises:
        DeviceFault: the GPU is not there, does not answer, has too little memory, or returns a wrong spectrum.
    """
    return driver.fit(returns, kept, scaling, device.spectrum)
