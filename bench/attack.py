#!/usr/bin/env python3
"""What a stranger's large, slow and endless requests cost an api on this machine. Prints one line for each attack.

    ./dev                                   # or a release api
    python3 bench/attack.py --pid "$(pgrep -x api)"

Only against addresses of this machine: each attack is bounded in number and time.
"""

import argparse
import http.client
import pathlib
import socket
import time

BIG = 150 * 1024 * 1024
PIECE = b"x" * 65536
HOST = "127.0.0.1"
LONGEST_WAIT = 90  # seconds


class Api:
    """The api under attack, and its health on a listener of its own."""

    def __init__(self, given):
        self.port, self.health_port, self.pid = given.port, given.health_port, given.pid

    def resident(self):
        """MiB of memory."""
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        raise SystemExit("the api has ended")

    def sockets(self):
        return len(list(pathlib.Path(f"/proc/{self.pid}/fd").iterdir()))

    def health(self):
        """Milliseconds until health answers."""
        started = time.monotonic()
        connection = http.client.HTTPConnection(HOST, self.health_port, timeout=5)
        connection.request("GET", "/health/ready")
        status = connection.getresponse().status
        connection.close()
        return f"{status} in {(time.monotonic() - started) * 1000:.0f} ms"

    def open(self, sends=b""):
        opened = socket.create_connection((HOST, self.port), timeout=5)
        opened.sendall(sends)
        return opened


def status_of(opened):
    """The status of the answer, or how the connection ended."""
    try:
        return opened.recv(64).split(b" ")[1].decode()
    except (IndexError, OSError) as error:
        return f"closed ({type(error).__name__})"


def large_body(api, told):
    """A body of 150 MB to a route that does not exist: with its length told, or in chunks without end."""
    length = f"Content-Length: {BIG}" if told else "Transfer-Encoding: chunked"
    head = f"POST /nothing HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n"
    opened = api.open(head.encode())
    chunk = PIECE if told else f"{len(PIECE):x}\r\n".encode() + PIECE + b"\r\n"
    sent = 0
    try:
        while sent < BIG:
            opened.sendall(chunk)
            sent += len(PIECE)
    except OSError:
        pass
    status = status_of(opened)
    opened.close()
    return f"{status} after {sent / 1024 / 1024:.1f} MiB"


def half_open(api, how_many):
    """Requests whose head never ends: how long each is held, and what health answers meanwhile."""
    started = time.monotonic()
    held = [api.open(b"GET / HTTP/1.1\r\nHost: x\r\n") for _ in range(how_many)]
    return ends(api, held, started)


def idle(api, how_many):
    """Connections that send nothing."""
    started = time.monotonic()
    return ends(api, [api.open() for _ in range(how_many)], started)


def ends(api, held, started):
    time.sleep(2)
    meanwhile = api.health()
    still_open = 0
    for opened in held:
        # All of them have until then, so that a server which closes none does not hold us for hours.
        opened.settimeout(max(started + LONGEST_WAIT - time.monotonic(), 0.01))
        try:
            while opened.recv(4096):
                pass
        except TimeoutError:
            still_open += 1
        except OSError:
            pass
        opened.close()
    took = time.monotonic() - started
    return f"{len(held)} connections, {still_open} still open after {took:.0f} s; health meanwhile {meanwhile}"


def long_addresses(api, how_many):
    """Addresses of 60 kB."""
    statuses = {}
    for number in range(how_many):
        opened = api.open(f"GET /{number}{'a' * 60_000} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        status = status_of(opened)
        statuses[status] = statuses.get(status, 0) + 1
        opened.close()
    return str(statuses)


def guesses(api, how_many):
    """Wrong passwords of one account, each with another address in a header that nobody should believe."""
    statuses = {}
    body = '{"email":"admin@property-lounge.test","password":"wrong"}'
    for number in range(how_many):
        connection = http.client.HTTPConnection(HOST, api.port, timeout=10)
        headers = {
            "Content-Type": "application/json",
            "Origin": f"http://localhost:{api.port}",
            "X-Forwarded-For": f"2001:db8:{number:x}::1",
        }
        connection.request("POST", "/api/auth/sign-in/email", body, headers)
        status = connection.getresponse().status
        statuses[status] = statuses.get(status, 0) + 1
        connection.close()
    return str(statuses)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pid", type=int, required=True)
    parser.add_argument("--port", type=int, default=3001)
    parser.add_argument("--health-port", type=int, default=3004)
    api = Api(parser.parse_args())
    attacks = [
        ("a body of 150 MB, its length told", lambda: large_body(api, told=True)),
        ("a body of 150 MB in chunks", lambda: large_body(api, told=False)),
        ("100 half-open requests", lambda: half_open(api, 100)),
        ("160 idle connections", lambda: idle(api, 160)),
        ("1,500 addresses of 60 kB", lambda: long_addresses(api, 1500)),
        ("20 wrong passwords of one account", lambda: guesses(api, 20)),
    ]
    for name, attack in attacks:
        before = api.resident()
        said = attack()
        print(
            f"{name}: {said}; memory {before:.0f} to {api.resident():.0f} MiB, {api.sockets()} descriptors",
            flush=True,
        )


if __name__ == "__main__":
    main()
