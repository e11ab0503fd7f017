"""berthd under clients that mean it harm: idle, slow, broken, greedy and lying ones.

While each of them is at work, and after, a good client's calls are answered. None of them ends the process, gets in
without a token, or makes it hold more memory than it says it does. Nothing here is measured in time.
"""

import contextlib
import gzip
import pathlib
import random
import resource
import socket
import struct
import tempfile
import threading
import unittest
import zlib

import grpc
from berthd import DEADLINE, Berthd, instrumented, method, until
from daemon_wire_test import ADMISSION, ALICE, CATALOG, GATEWAY, TOKENS

ADMIT = f"{ADMISSION}/Admit"
STREAM = f"{ADMISSION}/AdmitStream"
START = f"{GATEWAY}/Start"
MEBIBYTE = 1 << 20

DESCRIPTORS = 12000

# What berthd may hold with whatever is done to it: what gRPC may take for messages, and as much again for all else.
MEMORY = 8 if instrumented() else 1
MOST_RESIDENT = 1024 * MEBIBYTE * MEMORY
# And with nothing but connections, half of which have said hello: 30 KiB for each, and what it had.
IDLE_CONNECTIONS = 5000
MOST_RESIDENT_IDLE = 192 * MEBIBYTE * MEMORY

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION = 0, 1, 2, 3, 4, 6, 8, 9
END_STREAM, END_HEADERS = 1, 4
INITIAL_WINDOW = 4  # a setting
FRAME = 16384


def setUpModule():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard == resource.RLIM_INFINITY or hard >= DESCRIPTORS, f"raise the limit of open files to {DESCRIPTORS}"
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, hard))


# --- HTTP/2 by hand: what no client library would send ---


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def hpack_integer(first, bits, value):
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    out, value = bytes([first | most]), value - most
    while value >= 128:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def hpack_string(text):
    text = text if isinstance(text, bytes) else text.encode()
    return hpack_integer(0, 7, len(text)) + text


def field(name, value, indexed=False):
    """A header, literally; `indexed`: to be referred to by a number from then on."""
    return (b"\x40" if indexed else b"\x00") + hpack_string(name) + hpack_string(value)


def head(path, token=None, content_type="application/grpc", **more):
    """The headers of a call."""
    out = field(":method", "POST") + field(":scheme", "http") + field(":path", f"/{path}") + field(":authority", "x")
    out += field("content-type", content_type) + field("te", "trailers")
    if token is not None:
        out += field("authorization", token)
    return out + b"".join(field(name.replace("_", "-"), value) for name, value in more.items())


def message_of(data, compressed=False):
    return bytes([compressed]) + struct.pack(">I", len(data)) + data


class Raw:
    """A connection to the gRPC port, after the preface unless `hello` is false."""

    def __init__(self, berthd, hello=True, settings=b"", source="127.0.0.1", timeout=DEADLINE):
        host, port = berthd.address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), DEADLINE, (source, 0))
        self.socket.settimeout(timeout)
        if hello:
            self.send(PREFACE + frame(SETTINGS, 0, 0, settings))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def push(self, pieces):
        """Sends them until they are gone or the other side will have no more. How many were sent."""
        sent = 0
        with contextlib.suppress(OSError):
            for piece in pieces:
                self.send(piece)
                sent += 1
        return sent

    def read_until(self, text):
        """What comes until `text` does, or the end."""
        read = b""
        with contextlib.suppress(ConnectionError):
            while text not in read:
                got = self.socket.recv(65536)
                if not got:
                    break
                read += got
        return read

    def wait_for_end(self):
        with contextlib.suppress(ConnectionError):
            while self.socket.recv(65536):
                pass


class GoodClient(threading.Thread):
    """Calls all the time; every call must be answered."""

    def __init__(self, berthd):
        super().__init__(daemon=True)
        self.berthd = berthd
        self.answered = 0
        self.failure = None
        self.stopped = threading.Event()
        self.start()

    def run(self):
        while not self.stopped.is_set():
            try:
                self.berthd.call(ADMIT, launch={})
            except grpc.RpcError as error:
                self.failure = error
                return
            self.answered += 1

    def check(self, when):
        """Waits for answers to calls that began just now."""
        wanted = self.answered + 3
        until(lambda: self.answered >= wanted or self.failure, f"the good client is answered {when}")
        assert self.failure is None, f"the good client was not served {when}: {self.failure}"

    def stop(self):
        self.stopped.set()
        self.join()


class AbuseTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        (cls.folder / "catalog.yaml").write_text(CATALOG)
        (cls.folder / "tokens.yaml").write_text(TOKENS)

    def serve(self, *arguments, **options):
        """A berthd, and a good client of it that is at work while the test is, and is asked at the end."""
        berthd = self.enterContext(Berthd("--source", self.folder / "catalog.yaml", "--tokens",
                                          self.folder / "tokens.yaml", "--gateway-facade", *arguments, token=ALICE,
                                          **options))
        self.good = GoodClient(berthd)
        self.addCleanup(self.good.stop)
        self.served("before anything is done")  # it has its connection from here on
        return berthd

    def served(self, when):
        self.good.check(when)

    def resident(self, berthd, most=MOST_RESIDENT):
        resident = berthd.metric("process_resident_memory_bytes")
        self.assertLess(resident, most, f"{resident / MEBIBYTE:.0f} MiB are resident")
        return resident


class ManyConnections(AbuseTest):
    def test_idle_connections(self):
        berthd = self.serve()
        before = self.resident(berthd)
        with contextlib.ExitStack() as opened:
            idle = [opened.enter_context(Raw(berthd, hello=i % 2 == 0)) for i in range(IDLE_CONNECTIONS)]
            self.served("beside idle connections")
            # Those that said hello have been let in.
            for connection in idle[::2]:
                connection.send(frame(PING, 0, 0, b"12345678"))
            for connection in idle[::2]:
                self.assertIn(b"12345678", connection.read_until(b"12345678"))
            during = self.resident(berthd, MOST_RESIDENT_IDLE)
            self.assertGreater(berthd.metric("process_open_fds"), IDLE_CONNECTIONS / 2)
            self.assertEqual(berthd.readiness()[0], 200)
        until(lambda: berthd.metric("process_open_fds") < 100, "their descriptors are free again")
        self.served("after idle connections")
        after = self.resident(berthd, MOST_RESIDENT_IDLE)
        print(f"{IDLE_CONNECTIONS} idle connections: {before / MEBIBYTE:.0f} MiB resident before, "
              f"{during / MEBIBYTE:.0f} MiB with them, {after / MEBIBYTE:.0f} MiB after")

    def test_idle_http_connections(self):
        berthd = self.serve()
        host, port = berthd.http_address.rsplit(":", 1)
        with contextlib.ExitStack() as opened:
            idle = []
            for i in range(400):  # one address may have 256
                with contextlib.suppress(OSError):
                    connection = socket.create_connection((host, int(port)), DEADLINE, ("127.0.0.2", 0))
                    idle.append(opened.enter_context(connection))
                    if i % 2 == 0:
                        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
            self.assertEqual(berthd.http("/healthz")[0], 200)  # from another address
            until(lambda: berthd.metric("process_open_fds") < 300, "what is too much is closed")
            self.served("beside idle HTTP connections")
        until(lambda: berthd.metric("process_open_fds") < 100, "their descriptors are free again")

    def test_one_address_has_as_many_http_connections_as_it_is_given(self):
        berthd = self.serve("--max-http-connections", "600", "--max-http-connections-per-address", "500")
        host, port = berthd.http_address.rsplit(":", 1)
        with contextlib.ExitStack() as opened:
            for _ in range(450):  # as a proxy does
                opened.enter_context(socket.create_connection((host, int(port)), DEADLINE))
            until(lambda: berthd.metric("process_open_fds") > 450, "all of them are taken")
            self.assertEqual(berthd.http("/healthz")[0], 200)

    def test_connections_that_come_and_go(self):
        berthd = self.serve()
        before = berthd.metric("process_open_fds")
        chance = random.Random(1)
        for i in range(3000):
            with Raw(berthd, hello=False) as connection:
                connection.push([(PREFACE + frame(SETTINGS, 0, 0))[:chance.randrange(40)]])
                if i % 3 == 0:  # with a reset, not an end
                    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.served("after connections that came and went")
        until(lambda: berthd.metric("process_open_fds") < before + 50, "their descriptors are free again")
        self.resident(berthd)

    def test_no_descriptors_are_left(self):
        # The limit falls while it serves: the kernel then has none to give.
        berthd = self.serve()
        resource.prlimit(berthd.process.pid, resource.RLIMIT_NOFILE, (64, 64))
        with contextlib.ExitStack() as opened:
            for _ in range(200):
                opened.enter_context(Raw(berthd))
            berthd.wait_for("gRPC connections are turned away: descriptors are short, raise the limit of open files")
            self.served("over the connection it has")
        with contextlib.closing(berthd.connect()) as channel:
            channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=DEADLINE, wait_for_ready=True)
        berthd.wait_for("gRPC connections are taken again")

    def test_descriptors_are_kept_back(self):
        # A quarter of few: the rest of berthd goes on while gRPC has all that it may have.
        berthd = self.serve(prefix=("prlimit", "--nofile=200"))
        with contextlib.ExitStack() as opened:
            for _ in range(300):
                opened.enter_context(Raw(berthd))
            berthd.wait_for("gRPC connections are turned away: descriptors are short, raise the limit of open files")
            for _ in range(20):
                self.assertEqual(berthd.http("/healthz")[0], 200)
            self.assertLessEqual(berthd.metric("process_open_fds"), 155)
            self.served("over the connection it has")
        with contextlib.closing(berthd.connect()) as channel:
            channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=DEADLINE, wait_for_ready=True)


class BrokenBytes(AbuseTest):
    def test_random_bytes(self):
        berthd = self.serve()
        chance = random.Random(2)
        host, port = berthd.http_address.rsplit(":", 1)
        for i in range(300):
            noise = chance.randbytes(chance.choice([1, 9, 100, 5000]))
            with Raw(berthd, hello=i % 2 == 0) as connection:
                connection.push([noise])
            with socket.create_connection((host, int(port)), DEADLINE) as connection, contextlib.suppress(OSError):
                connection.sendall(noise + b"\r\n\r\n" if i % 2 else b"GET /" + noise)
        self.served("after random bytes")
        self.assertEqual(berthd.http("/healthz")[0], 200)

    def test_broken_frames(self):
        berthd = self.serve()
        call = frame(HEADERS, END_HEADERS, 1, head(START))
        whole = [frame(DATA, 0, 0, b"x"), frame(HEADERS, END_HEADERS, 0), frame(HEADERS, END_HEADERS, 2, head(START)),
                 frame(CONTINUATION, END_HEADERS, 1, b"x"), frame(RST_STREAM, 0, 1, b"12"), frame(PING, 0, 0, b"1"),
                 frame(SETTINGS, 0, 0, b"12345"), frame(SETTINGS, 0, 1), frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\0"),
                 call + frame(WINDOW_UPDATE, 0, 1, b"\x7f\xff\xff\xff"), frame(200, 255, 1, b"what"),
                 frame(HEADERS, END_HEADERS, 1, b"\xff" * 100), frame(HEADERS, END_HEADERS, 1, b"\x80"),
                 frame(HEADERS, END_HEADERS, 1, hpack_integer(0x80, 7, 1 << 40)), call + call,
                 frame(HEADERS, END_HEADERS | 8, 1, b"\xff" + head(START)), b"\xff\xff\xff" + bytes(6) + b"x" * 100,
                 call + frame(DATA, END_STREAM, 1, b"\0\0\0\0\x05ab"),
                 call + frame(DATA, END_STREAM, 1, b"\0\xff\xff\xff\xff"),
                 call + frame(DATA, END_STREAM, 1, b"\x07\0\0\0\0"), call + frame(DATA, END_STREAM, 1),
                 call + frame(DATA, END_STREAM | 8, 1, b"\xff")]
        for broken in whole:
            for end in {len(broken), len(broken) // 2, 8}:
                with Raw(berthd) as connection:
                    connection.push([broken[:end]])
                    connection.socket.shutdown(socket.SHUT_WR)
                    connection.wait_for_end()
        # Every bit of a good call, one at a time.
        good = frame(HEADERS, END_HEADERS, 1, head(START)) + frame(DATA, END_STREAM, 1, message_of(b"\x0a\x01a"))
        for bit in range(0, 8 * len(good), 5):
            turned = bytearray(good)
            turned[bit // 8] ^= 1 << bit % 8
            with Raw(berthd) as connection:
                connection.push([bytes(turned)])
        self.served("after broken frames")
        self.assertEqual(berthd.metric("berthd_requests_total", method=START, code="OK"), 0)

    def test_the_wrong_protocol(self):
        berthd = self.serve()
        for text in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /healthz HTTP/1.0\r\n\r\n",
                     b"POST / HTTP/1.1\r\n" * 100, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
                     b"SSH-2.0-x\r\n"):
            with Raw(berthd, hello=False) as connection:
                connection.send(text)
                connection.socket.shutdown(socket.SHUT_WR)
                connection.wait_for_end()
        with grpc.insecure_channel(berthd.http_address) as channel, self.assertRaises(grpc.RpcError) as caught:
            channel.unary_unary(f"/{ADMIT}")(b"", timeout=DEADLINE)
        self.assertIn(caught.exception.code().name, ("UNAVAILABLE", "UNKNOWN", "INTERNAL"))
        for content_type in ("text/plain", "application/json", "application/grpcx", ""):
            with Raw(berthd) as connection:
                connection.send(frame(HEADERS, END_HEADERS, 1, head(START, f"Bearer {ALICE}", content_type)) +
                                frame(DATA, END_STREAM, 1, message_of(b"")))
                answer = connection.read_until(b"grpc-status")
                self.assertNotIn(b"\x0bgrpc-status\x010", answer, content_type)
        self.served("after the wrong protocols")


class SlowOnes(AbuseTest):
    def test_hellos_and_requests_that_never_end(self):
        berthd = self.serve()
        hello = PREFACE + frame(SETTINGS, 0, 0)
        request = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"x" * 1000
        call = hello + frame(HEADERS, 0, 1, head(START)) + frame(CONTINUATION, 0, 1, field("x", "y" * 1000))
        http_host, http_port = berthd.http_address.rsplit(":", 1)
        with contextlib.ExitStack() as opened:
            greeting = [opened.enter_context(Raw(berthd, hello=False)) for _ in range(50)]
            calling = [opened.enter_context(Raw(berthd, hello=False)) for _ in range(50)]
            asking = [opened.enter_context(socket.create_connection((http_host, int(http_port)), DEADLINE,
                                                                    ("127.0.0.2", 0))) for _ in range(50)]
            # Those that do not come to the end of their hello are cut off, although each keeps sending.
            ended = set()
            for i in range(len(call)):
                for connection in greeting:
                    try:
                        if i < len(hello) - 1:
                            connection.send(hello[i:i + 1])
                    except OSError:
                        ended.add(connection)
                for connection in calling:
                    connection.push([call[i:i + 1]])
                for connection in asking:
                    with contextlib.suppress(OSError):
                        connection.sendall(request[i:i + 1])
            self.served("beside slow clients")
            self.assertEqual(berthd.http("/healthz")[0], 200)
            for connection in greeting:
                if connection not in ended:
                    connection.wait_for_end()
        self.served("after slow clients")
        self.resident(berthd)

    def test_an_endless_header(self):
        berthd = self.serve()
        for pieces in (
                [frame(HEADERS, 0, 1, b"\0" + hpack_string("x") + hpack_integer(0, 7, 1 << 30))] +
                [frame(CONTINUATION, 0, 1, b"a" * FRAME)] * 64,
                [frame(HEADERS, 0, 1, head(START))] +
                [frame(CONTINUATION, 0, 1, field("x" * 10, "y" * 100) * 140)] * 256,
                [frame(HEADERS, 0, 1, head(START))] + [frame(CONTINUATION, 0, 1)] * 10000):
            with Raw(berthd) as connection:
                connection.push(pieces)
                self.served("beside an endless header")
        self.served("after endless headers")
        self.resident(berthd)

    def test_stopping_beside_an_endless_header(self):
        berthd = self.serve("--grace-seconds", "0")
        self.good.stop()
        before = self.resident(berthd)
        stop = threading.Event()

        def never_end():
            with Raw(berthd) as connection:
                connection.push([frame(HEADERS, 0, 1, b"\0" + hpack_string("x") + hpack_integer(0, 7, 1 << 30))])
                while not stop.is_set() and connection.push([frame(CONTINUATION, 0, 1, b"a" * FRAME)]):
                    pass

        attacker = threading.Thread(target=never_end)
        attacker.start()
        try:
            until(lambda: self.resident(berthd) > before + 12 * MEBIBYTE, "it reads the header")
            self.assertEqual(berthd.stop(), 0)
        finally:
            stop.set()
            attacker.join()


class GreedyOnes(AbuseTest):
    def test_giant_headers(self):
        berthd = self.serve()
        for size in (15 << 10, 17 << 10, 100 << 10, 1 << 20):
            code, *_ = self.error_of(berthd, metadata=[("x", "y" * size)])
            self.assertIn(code, ("UNAUTHENTICATED", "RESOURCE_EXHAUSTED", "UNAVAILABLE", "INTERNAL"))
        for size in (15 << 10, 1 << 20):
            status, *_ = self.http_with(berthd, f"X: {'y' * size}\r\n")
            self.assertIn(status, (200, 431))
        status, *_ = self.http_with(berthd, "".join(f"X-{i}: y\r\n" for i in range(5000)))
        self.assertEqual(status, 431)
        self.served("after giant headers")
        self.resident(berthd)

    def error_of(self, berthd, metadata, path=START, payload=b"\x0a\x01a", **options):
        with contextlib.closing(berthd.connect()) as channel, self.assertRaises(grpc.RpcError) as caught:
            channel.unary_unary(f"/{path}")(payload, metadata=metadata, timeout=DEADLINE, **options)
        return caught.exception.code().name, caught.exception.details()

    def http_with(self, berthd, headers):
        """Status of /healthz, asked with these lines; 431 also when the answer is lost because it came too soon."""
        host, port = berthd.http_address.rsplit(":", 1)
        with socket.create_connection((host, int(port)), DEADLINE, ("127.0.0.2", 0)) as connection:
            answer = b""
            with contextlib.suppress(ConnectionError):
                connection.sendall(f"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n".encode())
            with contextlib.suppress(ConnectionError):
                while got := connection.recv(65536):
                    answer += got
        return int(answer.split()[1]) if answer else 431, answer

    def test_header_bombs(self):
        # A byte each for 4 KiB: 64 MiB in one frame, if they were kept.
        berthd = self.serve()
        first = head(START) + field("x" * 10, "y" * 3900, indexed=True)
        bomb = b"\xbe" * 16000
        for pieces in ([frame(HEADERS, END_HEADERS | END_STREAM, 1, first)] +
                       [frame(HEADERS, END_HEADERS, 3 + 2 * i, head(START) + bomb) for i in range(200)],
                       [frame(HEADERS, 0, 1, first)] + [frame(CONTINUATION, 0, 1, bomb)] * 200):
            with Raw(berthd) as connection:
                connection.push(pieces)
        self.served("after header bombs")
        self.resident(berthd)

    def test_large_messages(self):
        berthd = self.serve()
        authorization = [("authorization", f"Bearer {ALICE}")]
        for metadata in ([], authorization):
            code, text = self.error_of(berthd, metadata, payload=b"\0" * (10 * MEBIBYTE))
            self.assertEqual(code, "RESOURCE_EXHAUSTED", text)
        self.served("after large messages")
        self.resident(berthd)

    def test_messages_that_are_never_finished(self):
        # Of strangers: as much of each as is taken, on many calls of several connections.
        berthd = self.serve()
        with contextlib.ExitStack() as opened:
            for _ in range(8):
                connection = opened.enter_context(Raw(berthd, timeout=2))
                connection.push([frame(HEADERS, END_HEADERS, 1 + 2 * i, head(ADMIT)) +
                                 frame(DATA, 0, 1 + 2 * i, b"\0" + struct.pack(">I", 4 * MEBIBYTE)) for i in range(50)])
                connection.push([frame(DATA, 0, 1 + 2 * i, bytes(FRAME)) for _ in range(60) for i in range(50)])
                self.served("beside messages that are never finished")
            resident = self.resident(berthd)
        self.served("after messages that were never finished")
        print(f"400 messages that are never finished: {resident / MEBIBYTE:.0f} MiB resident")

    def test_compressed_bombs(self):
        berthd = self.serve()
        before = self.resident(berthd)
        zeros = bytes(64 * MEBIBYTE)
        for encoding, bomb in (("gzip", gzip.compress(zeros)), ("deflate", zlib.compress(zeros)),
                               ("identity", gzip.compress(zeros)), ("brotli", gzip.compress(zeros))):
            data = message_of(bomb, compressed=True)
            with Raw(berthd) as connection:
                for stream in range(1, 21, 2):
                    connection.push([frame(HEADERS, END_HEADERS, stream, head(START, grpc_encoding=encoding))])
                    pieces = [data[at:at + FRAME] for at in range(0, len(data), FRAME)]
                    connection.push([frame(DATA, 0, stream, piece) for piece in pieces[:-1]])
                    connection.push([frame(DATA, END_STREAM, stream, pieces[-1])])
                    self.assertNotIn(b"\x0bgrpc-status\x010", connection.read_until(b"grpc-status"))
        self.assertLess(self.resident(berthd), before + 32 * MEBIBYTE * MEMORY)  # none was inflated
        for compression in (grpc.Compression.Gzip, grpc.Compression.Deflate):
            code, text = self.error_of(berthd, [("authorization", f"Bearer {ALICE}")], payload=bytes(1000),
                                       compression=compression)
            self.assertEqual(code, "UNIMPLEMENTED", text)
        self.served("after compressed bombs")

    def test_floods_of_frames(self):
        # Each asks for an answer that is never read, or for nothing at all.
        berthd = self.serve()
        before = self.resident(berthd)
        call = frame(HEADERS, END_HEADERS, 1, head(START))
        for one in (frame(SETTINGS, 0, 0, struct.pack(">HI", INITIAL_WINDOW, 65535)), frame(PING, 0, 0, b"12345678"),
                    frame(DATA, 0, 1), frame(PRIORITY, 0, 3, b"\0\0\0\0\x10"), frame(RST_STREAM, 0, 1, b"\0\0\0\x08"),
                    frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\1"), frame(99, 0, 0, b"unknown")):
            with Raw(berthd, timeout=2) as connection:
                connection.push([call] + [one * 500] * 1000)
                self.served("beside a flood")
        self.assertLess(self.resident(berthd), before + 128 * MEBIBYTE * MEMORY)

    def test_calls_that_are_cancelled_at_once(self):
        berthd = self.serve()
        before = self.resident(berthd)
        launch = message_of(b"\x0a\x00")
        for token in (f"Bearer {ALICE}", None):
            call = head(STREAM, token)
            for _ in range(4):
                with Raw(berthd) as connection:
                    pieces = [frame(HEADERS, END_HEADERS, 1 + 2 * i, call) + frame(DATA, 0, 1 + 2 * i, launch) +
                              frame(RST_STREAM, 0, 1 + 2 * i, b"\0\0\0\x08") for i in range(2500)]
                    # By hundreds: what is cancelled is not always gone at once, and 256 may be open.
                    connection.push([b"".join(pieces[i:i + 100]) for i in range(0, 2500, 100)])
                    connection.push([frame(PING, 0, 0, b"the-end!")])
                    connection.read_until(b"the-end!")
        self.served("after 20000 cancelled calls")
        self.assertLess(self.resident(berthd), before + 128 * MEBIBYTE * MEMORY)

    def test_a_stream_whose_answers_are_never_read(self):
        berthd = self.serve()
        before = self.resident(berthd)
        launch = message_of(b"\x0a\x00")
        batch = launch * (FRAME // len(launch))
        with contextlib.ExitStack() as opened:
            for _ in range(4):
                # Not even the window for an answer's first byte is opened.
                no_window = struct.pack(">HI", INITIAL_WINDOW, 0)
                connection = opened.enter_context(Raw(berthd, settings=no_window, timeout=2))
                for stream in range(1, 101, 2):
                    connection.push([frame(HEADERS, END_HEADERS, stream, head(STREAM, f"Bearer {ALICE}"))])
                    connection.push([frame(DATA, 0, stream, batch)] * 4)
            # All are at work, and none is read on when its answers do not go.
            until(lambda: berthd.metric("berthd_requests_total", method=STREAM) > 200 * 16, "launches are decided")
            self.served("beside streams that are never read")
            self.assertLessEqual(berthd.metric("berthd_requests_total", method=STREAM), 200 * 257)
            during = self.resident(berthd, before + 256 * MEBIBYTE * MEMORY)
        self.served("after streams that were never read")
        print(f"200 streams that are never read: {(during - before) / MEBIBYTE:.0f} MiB more are resident")

    def test_launches_that_are_piped(self):
        berthd = self.serve()
        request_class, _ = method(STREAM)
        answers = berthd.stream(STREAM, (request_class(request_id=i, launch={}) for i in range(10000)))
        self.assertEqual([answer.request_id for answer in answers], list(range(10000)))
        self.served("after 10000 launches")
        self.resident(berthd)


class Strangers(AbuseTest):
    def test_nobody_gets_in_without_a_token(self):
        berthd = self.serve()
        tokens = ["", "Bearer", "Bearer ", f"Basic {ALICE}", ALICE, f"Bearer  {ALICE}", f"Bearer {ALICE} ",
                  f"Bearer {ALICE}x", f"Bearer {ALICE[:-1]}", f"Bearer {ALICE.upper()}", "Bearer " + "x" * 1024,
                  "Bearer " + "x" * 15000, f"Bearer {ALICE},Bearer {ALICE}", "Bearer *", "Bearer null"]
        request = method(START)[0](command="sleep").SerializeToString()
        for token in tokens:
            with self.subTest(token[:40]):
                with self.assertRaises(grpc.RpcError) as caught:
                    berthd.channel.unary_unary(f"/{START}")(request, metadata=[("authorization", token)],
                                                            timeout=DEADLINE)
                self.assertEqual(caught.exception.code().name, "UNAUTHENTICATED", caught.exception.details())
        # Two headers, and bytes that a client library would not send.
        for token in (b"Bearer \xff\xfe\x00\x01", b"Bearer \x00" + ALICE.encode(), b"\xf0\x9f\x92\xa9",
                      b"\r\nauthorization: x", b"Bearer\t" + ALICE.encode()):
            with Raw(berthd) as connection:
                connection.send(frame(HEADERS, END_HEADERS, 1, head(START, token)) +
                                frame(DATA, END_STREAM, 1, message_of(request)))
                self.assertNotIn(b"\x0bgrpc-status\x010", connection.read_until(b"grpc-status"))
        with Raw(berthd) as connection:
            twice = head(START, f"Bearer {ALICE}") + field("authorization", f"Bearer {ALICE}")
            connection.send(frame(HEADERS, END_HEADERS, 1, twice) + frame(DATA, END_STREAM, 1, message_of(request)))
            self.assertIn(b"\x0bgrpc-status\x0216", connection.read_until(b"grpc-message"))
        self.served("after strangers")
        self.assertEqual(berthd.metric("berthd_requests_total", method=START, code="OK"), 0)
        self.assertEqual(berthd.metric("berthd_sandboxes"), 0)
        self.assertNotIn(ALICE, berthd.log())

    def test_metadata_of_garbage(self):
        berthd = self.serve()
        chance = random.Random(3)
        for size in (0, 1, 100, 4000, 8000):
            berthd.channel.unary_unary(f"/{ADMIT}")(
                b"\x0a\x00", timeout=DEADLINE,
                metadata=[("authorization", f"Bearer {ALICE}"), ("garbage-bin", chance.randbytes(size))])
        for name in ("grpc-timeout", "grpc-tags-bin", "grpc-trace-bin", "grpc-encoding", "grpc-accept-encoding", "host",
                     "user-agent", "grpc-previous-rpc-attempts", "x-bin", ":path", ":weird", "UPPER", "", "\0", "é"):
            for _ in range(10):
                with Raw(berthd) as connection:
                    connection.push([frame(HEADERS, END_HEADERS, 1,
                                           head(START) + field(name, chance.randbytes(chance.randrange(50)))) +
                                     frame(DATA, END_STREAM, 1, message_of(b""))])
        self.served("after metadata of garbage")
        self.assertEqual(berthd.metric("berthd_requests_total", method=START, code="OK"), 0)


del AbuseTest

if __name__ == "__main__":
    unittest.main()
