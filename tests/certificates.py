"""Certificates for tests, made by the command openssl where a test runs; none is kept in the project."""

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

SERVER = "subjectAltName=DNS:localhost,IP:127.0.0.1"
CLIENT = "extendedKeyUsage=clientAuth"


class Pair(NamedTuple):
    """The files of a certificate and its key."""

    cert: Path
    key: Path

    def replace(self, other):
        """Copy another pair over this one, the key first."""
        shutil.copyfile(other.key, self.key)
        shutil.copyfile(other.cert, self.cert)


class Authority:
    """A CA of its own, in a folder."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.ca = self.folder / "ca.pem"
        self._key = self.folder / "ca.key"
        _openssl("req", "-x509", *_KEY, "-keyout", self._key, "-out", self.ca, "-days", "2", "-subj", "/CN=test CA")

    def sign(self, name, subject="/CN=localhost", extension=SERVER, days=2, key=()):
        """Make a pair.

        Args:
            name: Of its files.
            subject: The certificate's.
            extension: The certificate's, beside CA:FALSE.
            days: Until it expires; -1 for one that has.
            key: Options of the key, where it is not of the usual kind.
        """
        pair = Pair(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        request, rules = self.folder / f"{name}.csr", self.folder / f"{name}.txt"
        rules.write_text(f"basicConstraints=CA:FALSE\n{extension}\n")
        _openssl("req", *(key or _KEY), "-keyout", pair.key, "-out", request, "-subj", subject)
        signed = ("-in", request, "-CA", self.ca, "-CAkey", self._key, "-CAcreateserial", "-extfile", rules)
        _openssl("x509", "-req", *signed, "-out", pair.cert, "-days", days)
        pair.key.chmod(0o600)
        return pair


def fingerprint(pair):
    """Return the SHA-256 fingerprint of a certificate, as openssl writes it: with capital letters and colons."""
    return _openssl("x509", "-in", pair.cert, "-noout", "-fingerprint", "-sha256").strip().rpartition("=")[2]


_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def _openssl(*words):
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("needs the command openssl, which makes the certificates")
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout
