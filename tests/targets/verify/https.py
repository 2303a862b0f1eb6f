"""HTTPS on this machine, as in front of a deployed service: some verifiers read keys by nothing else."""

import asyncio
import datetime
import ssl
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def signed(name, key, issuer, issuer_key, *extensions):
    now = datetime.datetime.now(datetime.timezone.utc)
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, issuer)]
    built = x509.CertificateBuilder().subject_name(names[0]).issuer_name(names[1]).public_key(key.public_key())
    built = built.serial_number(x509.random_serial_number())
    built = built.not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=1))
    for extension in extensions:
        built = built.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
    return built.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def certificate(folder):
    """Writes a certificate for localhost, its key and that of its authority, and returns their files."""
    authority, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    name, host = "The authority of a test", "localhost"
    formats = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    contents = {
        "certificate.pem": signed(host, key, name, authority, x509.SubjectAlternativeName([x509.DNSName(host)])),
        "key.pem": key.private_bytes(serialization.Encoding.PEM, *formats),
        "authority.pem": signed(name, authority, name, authority, x509.BasicConstraints(ca=True, path_length=0)),
    }
    for file, content in contents.items():
        (folder / file).write_bytes(content)
    return [folder / file for file in contents]


async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


def forward(files, target):
    """Passes what comes by HTTPS to a free port on to the port `target`, and returns that port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files[:2])
    ready, ports = threading.Event(), []

    async def connected(reader, writer):
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))

    async def serve():
        server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()
        await server.serve_forever()

    threading.Thread(target=lambda: asyncio.run(serve()), daemon=True).start()
    ready.wait()
    return ports[0]
