"""An estimator of scikit-learn that trades a pair, or a spread, by the thresholds of its process.

It needs the extra [sklearn]. `import meanrev` does not import this package.
"""

from meanrev.sklearn.trader import NotTradedWarning, PairsTrader

__all__ = ["NotTradedWarning", "PairsTrader"]
