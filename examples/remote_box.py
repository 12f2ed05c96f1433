"""A remote box: a client connects over TLS, shows a token, and is refused without either."""

from typing import Any

import numpy as np
from secured import secured_server

import meanrev as mr


def main() -> None:
    """Call a server as from another machine, then in three ways that it refuses."""
    rng = np.random.default_rng(1)
    prices = np.exp(np.cumsum(rng.normal(0, 0.01, (500, 3)), axis=0))
    with secured_server() as box:
        with mr.Client(box.address, token=box.token, tls=box.ca) as client:
            returns = client.log_returns(prices)
            print(f"with TLS and the token: {returns.n_periods} returns of {returns.log_returns.shape[1]} assets")
        attempts: dict[str, dict[str, Any]] = {
            "with another token": {"token": "x" * 40, "tls": box.ca},
            "without a token": {"token": "", "tls": box.ca},
            "without TLS": {"token": "", "tls": False, "timeout": 2.0},
        }
        for words, options in attempts.items():
            with mr.Client(box.address, **options) as client:
                try:
                    client.log_returns(prices)
                except mr.MeanRevError as error:
                    print(f"{words}: {type(error).__name__}")


if __name__ == "__main__":
    main()
