"""Certificates, and a front that adds TLS to a server that has none."""

import socket
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# What a PostgreSQL client says first: it would like TLS.
POSTGRESQL_QUESTION_BYTES = 8


def make_certificate(file: Path, names: str) -> Path:
    """Make a certificate that signs itself, with its key in the same file."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=test", "-addext", f"subjectAltName={names}"]
    key = file.with_suffix(".key")
    command += ["-keyout", str(key), "-out", str(file)]
    subprocess.run(command, check=True, capture_output=True)
    file.write_text(file.read_text() + key.read_text())
    return file


@contextmanager
def tls_front(
    certificate: Path, connect: Callable[[], socket.socket], postgresql: bool = False
) -> Iterator[int]:
    """Accept TLS on a port until the block ends, and hand on what is in it; yield the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    class Front(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            # Clients that do not believe the certificate leave in the middle.
            with suppress(OSError):
                if postgresql:
                    self.request.recv(POSTGRESQL_QUESTION_BYTES)
                    self.request.sendall(b"S")
                with context.wrap_socket(self.request, server_side=True) as inside, connect() as to:
                    threading.Thread(target=_pump, args=(to, inside), daemon=True).start()
                    _pump(inside, to)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Front) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while content := source.recv(65536):
            target.sendall(content)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
