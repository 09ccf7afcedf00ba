"""A certificate authority of a test, and what it signs: PEM files as Kafka and its clients read them."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
_PEM = serialization.Encoding.PEM


@dataclass
class Authority:
    """`truststore` is the CA's certificate; `keystore` signs a key and puts both into one file."""

    folder: Path
    _key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def truststore(self) -> Path:
        file = self.folder / "ca.pem"
        if not file.exists():
            file.write_bytes(self._signed("ca", self._key, is_ca=True).public_bytes(_PEM))
        return file

    def keystore(self, name: str) -> Path:
        key = ec.generate_private_key(ec.SECP256R1())
        unencrypted = serialization.NoEncryption()
        file = self.folder / f"{name}.pem"
        file.write_bytes(
            key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, unencrypted)
            + self._signed(name, key, is_ca=False).public_bytes(_PEM)
        )
        return file

    def client(self, name: str | None = None) -> ssl.SSLContext:
        """What a client of that name, or of none, connects with."""
        context = ssl.create_default_context(cafile=self.truststore)
        if name is not None:
            context.load_cert_chain(self.keystore(name))
        return context

    def _signed(self, name: str, key: ec.EllipticCurvePrivateKey, *, is_ca: bool) -> x509.Certificate:
        loopback = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        return (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name("ca"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(_BEGIN)
            .not_valid_after(_BEGIN + timedelta(days=36500))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
            .add_extension(loopback, critical=False)
            .sign(self._key, hashes.SHA256())
        )


def _name(common: str) -> x509.Name:
    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Suyuan, test")
    return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, common)])
