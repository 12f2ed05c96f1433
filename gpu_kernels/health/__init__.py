"""A portfolio's value, risk and alerts, kept up to date with every mark in constant time and bounded memory."""

from gpu_kernels.health.host import Account
from gpu_kernels.health.model import STATUSES, Estimator, Health, ProcessEstimate

__all__ = ["STATUSES", "Account", "Estimator", "Health", "ProcessEstimate"]
