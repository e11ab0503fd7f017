"""A real berthd for tests: started on ports of its own, with what it logs at hand, and called through grpcio.

    with Berthd("--source", folder) as berthd:
        berthd.call("berth.v1.AdmissionService/Admit", berthd.messages["berth.v1.AdmitRequest"](...))

The messages are made by protoc from proto/, as any client's are. Needs python3-grpcio and python3-protobuf.
"""

import contextlib
import atexit
import functools
import importlib
import json
import os
import pathlib
import queue
import re
import signal
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import grpc
from google.protobuf import descriptor_pool, message_factory

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROTO = ROOT / "proto"
BINARY = os.path.abspath(os.environ.get("BERTHD_BINARY", ROOT / "build/release/berthd"))
DEADLINE = 60  # seconds; only a hang takes so long

SERVICES = {
    "coreweave.sandbox.v1beta2.DiscoveryService",
    "coreweave.sandbox.v1beta2.GatewayService",
    "berth.v1.AdmissionService",
}


@functools.cache
def instrumented():
    """Whether berthd was built with a sanitizer, which takes memory of its own."""
    return re.search(rb"__(?:asan|tsan)_init", pathlib.Path(BINARY).read_bytes()) is not None


@functools.cache
def generated():
    """The folder with what protoc makes of our .proto files; on sys.path from then on."""
    folder = tempfile.mkdtemp(prefix="berth-proto-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    files = [str(path.relative_to(PROTO)) for path in sorted(PROTO.rglob("*.proto"))]
    subprocess.run(["protoc", f"-I{PROTO}", f"--python_out={folder}", *files], check=True)
    # Our copies of google/rpc and google/api must not hide, nor be hidden by, the package of protobuf's own.
    import google
    google.__path__.append(os.path.join(folder, "google"))
    sys.path.insert(0, folder)
    for file in files:
        importlib.import_module(file.removesuffix(".proto").replace("/", ".") + "_pb2")
    return folder


def message(name):
    """The class of the message `package.Name`."""
    generated()
    pool = descriptor_pool.Default()
    return message_factory.MessageFactory(pool).GetPrototype(pool.FindMessageTypeByName(name))


@functools.cache
def method(path):
    """Request and response class of `package.Service/Method`, and whether it streams."""
    generated()
    service, name = path.split("/")
    found = descriptor_pool.Default().FindServiceByName(service).methods_by_name[name]
    return message(found.input_type.full_name), message(found.output_type.full_name)


def details(error):
    """The google.rpc.Status of a failed call and its details by their short names."""
    raw = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
    if raw is None:
        return None, {}
    status = message("google.rpc.Status").FromString(raw)
    found = {}
    for detail in status.details:
        unpacked = message(detail.type_url.split("/")[1])()
        assert detail.Unpack(unpacked)
        found[detail.type_url.rsplit(".", 1)[1]] = unpacked
    return status, found


def until(condition, what):
    """What `condition()` returns once that is true. Asked again and again; only a hang takes so long that it fails."""
    end = time.monotonic() + DEADLINE
    while not (found := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"it never happened that {what}")
        time.sleep(0.005)
    return found


def clean_environment(variables=None):
    """Ours without settings of berthd, and with `variables`."""
    return {**{key: value for key, value in os.environ.items() if not key.startswith("BERTHD_")}, **(variables or {})}


def run(*arguments, environment=None, cwd=None):
    """A berthd that must end by itself: its exit code, standard output and standard error."""
    done = subprocess.run([BINARY, *map(str, arguments)], env=clean_environment(environment), cwd=cwd, text=True,
                          capture_output=True, timeout=DEADLINE, check=False)
    return done.returncode, done.stdout, done.stderr


def replace(path, text):
    """Gives a file another text in one step, as editors and deployments do."""
    path = pathlib.Path(path)
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text)
    os.replace(beside, path)


class Authority:
    """A certificate authority in a folder, made by openssl."""

    def __init__(self, folder, name="authority"):
        self.folder = pathlib.Path(folder)
        self.name = name
        self._openssl("req", "-x509", *self.NEW_KEY, "-days", "2", "-subj", f"/CN={name}", "-keyout", f"{name}.key",
                      "-out", f"{name}.crt")

    NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    def _openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def issue(self, name, days=2):
        """A certificate `name`.crt with its key `name`.key, for servers on this machine and for clients."""
        (self.folder / "extensions").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n"
                                                "extendedKeyUsage=serverAuth,clientAuth\n")
        self._openssl("req", *self.NEW_KEY, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{self.name}.crt", "-CAkey", f"{self.name}.key",
                      "-CAcreateserial", "-days", str(days), "-out", f"{name}.crt", "-extfile", "extensions")
        return name


HEALTH = {b"\x08\x01": "SERVING", b"\x08\x02": "NOT_SERVING"}  # grpc.health.v1.HealthCheckResponse


class Conversation:
    """One call of a stream method, question by question."""

    def __init__(self, berthd, path, token):
        self.request_class, _ = method(path)
        self.requests = queue.Queue()
        self.answers = berthd.stream(path, iter(self.requests.get, None), token)

    def send(self, **fields):
        self.requests.put(self.request_class(**fields))

    def ask(self, **fields):
        """The next answer, or what the call ended with as grpc.RpcError."""
        self.send(**fields)
        return next(self.answers)

    def close(self):
        """Says that no more will be asked."""
        self.requests.put(None)


class Berthd:
    """A berthd and a channel to it. `arguments` are its flags; gRPC and HTTP get ports that are free.

    Leaving it stops it, and expects that it ends as it should. `tls` is the ssl.SSLContext for HTTP, `prefix` a command
    that starts it.
    """

    def __init__(self, *arguments, environment=None, listen="127.0.0.1:0", http_listen="127.0.0.1:0", token=None,
                 credentials=None, tls=None, ready=True, prefix=()):
        self.arguments = [*prefix, BINARY, "--listen", listen, "--http-listen", http_listen, *map(str, arguments)]
        self.serves_http = bool(http_listen)
        self.environment = clean_environment(environment)
        self.token = token
        self.credentials = credentials
        self.tls = tls
        self.wait_until_ready = ready
        self.lines = []
        self.arrived = threading.Condition()

    def __enter__(self):
        self.process = subprocess.Popen(self.arguments, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                        env=self.environment, text=True)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        try:
            self._wait_until_serving()
        except BaseException:
            self.channel = contextlib.nullcontext()
            self._end()
            raise
        return self

    def _wait_until_serving(self):
        self.address = self.wait_for("serving gRPC")["address"]
        if self.serves_http:
            self.http_address = self.wait_for("serving HTTP")["address"]
        if self.wait_until_ready:
            self.wait_for("ready")
        self.channel = self.connect()

    def __exit__(self, kind, *_):
        self.channel.close()
        code = self._end()
        if kind is None and code != 0:  # a sanitizer's findings come to light here
            raise AssertionError(f"berthd ended with {code}:\n{self.log()[-10000:]}")

    def _end(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(DEADLINE)
        finally:
            self.process.kill()
            self.process.wait()
            self.reader.join()
            self.process.stderr.close()

    def signal(self, number):
        """Sends a signal. The log from where it was then, for `wait_for`."""
        with self.arrived:
            seen = len(self.lines)
        self.process.send_signal(number)
        return seen

    def wait_for_end(self):
        """The exit code of a berthd that is about to end."""
        try:
            return self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"berthd does not end:\n{self.log()[-10000:]}") from None

    def stop(self, *numbers):
        """Ends it with signals, SIGTERM if none are given. The exit code.

        Before, the client leaves: one that neither calls nor leaves is slow to hear that the server goes.
        """
        self.channel.close()
        for number in numbers or [signal.SIGTERM]:
            self.signal(number)
        return self.wait_for_end()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def _read(self):
        for line in self.process.stderr:
            with self.arrived:
                self.lines.append(line)
                self.arrived.notify_all()
        with self.arrived:
            self.lines.append(None)
            self.arrived.notify_all()

    def seen(self):
        """How many lines it has logged, for `wait_for`."""
        with self.arrived:
            return len(self.lines)

    def wait_for(self, text, after=0, **fields):
        """The first log line from number `after` on whose message is `text`, and which has `fields`."""
        end = time.monotonic() + DEADLINE
        with self.arrived:
            seen = after
            while True:
                while seen < len(self.lines):
                    line = self.lines[seen]
                    if line is None:
                        raise AssertionError(f"berthd ended without `{text}`:\n" + "".join(self.lines[:-1]))
                    seen += 1
                    if not line.startswith("{"):
                        continue  # a sanitizer's
                    entry = json.loads(line)
                    if entry["message"] == text and fields.items() <= entry.items():
                        return entry
                if not self.arrived.wait(end - time.monotonic()):
                    raise AssertionError(f"berthd did not say `{text}`:\n" + "".join(filter(None, self.lines)))

    def log(self):
        with self.arrived:
            return "".join(filter(None, self.lines))

    def connect(self):
        # A connection of its own, whatever other channels to the same address have.
        options = [("grpc.max_receive_message_length", 100 << 20), ("grpc.max_send_message_length", 100 << 20),
                   ("grpc.use_local_subchannel_pool", 1)]
        if self.credentials is None:
            return grpc.insecure_channel(self.address, options)
        return grpc.secure_channel(self.address, self.credentials, options)

    def metadata(self, token):
        token = self.token if token is None else token
        return [("authorization", f"Bearer {token}")] if token else []

    def call(self, path, request=None, token=None, timeout=DEADLINE, **fields):
        """The response of a unary call. `token`: in place of the usual one, empty: none."""
        request_class, response_class = method(path)
        stub = self.channel.unary_unary(f"/{path}", request_serializer=request_class.SerializeToString,
                                        response_deserializer=response_class.FromString)
        return stub(request if request is not None else request_class(**fields), timeout=timeout,
                    metadata=self.metadata(token))

    def error(self, path, request=None, token=None, **fields):
        """The error of a unary call that must fail: code, message, google.rpc.Status, details."""
        try:
            answer = self.call(path, request, token, **fields)
        except grpc.RpcError as error:
            status, found = details(error)
            return error.code().name, error.details(), status, found
        raise AssertionError(f"{path} did not fail: {answer}")

    def stream(self, path, requests, token=None, timeout=DEADLINE):
        request_class, response_class = method(path)
        stub = self.channel.stream_stream(f"/{path}", request_serializer=request_class.SerializeToString,
                                          response_deserializer=response_class.FromString)
        return stub(requests, timeout=timeout, metadata=self.metadata(token))

    def open(self, path, token=None):
        """A stream whose messages are sent one at a time."""
        return Conversation(self, path, token)

    def health(self, service=""):
        """What grpc.health.v1.Health/Check says."""
        request = bytes([0x0A, len(service)]) + service.encode() if service else b""
        answer = self.channel.unary_unary("/grpc.health.v1.Health/Check")(request, timeout=DEADLINE)
        return HEALTH[answer]

    def watch_health(self):
        """What grpc.health.v1.Health/Watch says, one after the other."""
        for answer in self.channel.unary_stream("/grpc.health.v1.Health/Watch")(b"", timeout=DEADLINE):
            yield HEALTH[answer]

    def readiness(self):
        """Status and document of /readyz."""
        status, _, text = self.http("/readyz", token="")
        return status, json.loads(text)

    def metrics(self):
        """Every series of /metrics with its value, `name{label="value",...}` as it is written."""
        lines = self.http("/metrics", token="")[2].splitlines()
        return {series: float(value) for series, value in
                (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))}

    def metric(self, name, **labels):
        """The sum of the series of a name that have these labels."""
        wanted = {f'{key}="{value}"' for key, value in labels.items()}
        found = [value for series, value in self.metrics().items()
                 if re.split(r"[{ ]", series)[0] == name and wanted <= set(re.findall(r'\w+="[^"]*"', series))]
        assert found or labels, f"there is no metric {name}"
        return sum(found)

    def http(self, path, token=None, method="GET"):
        """Status, headers and text of a page."""
        scheme = "http" if self.tls is None else "https"
        request = urllib.request.Request(f"{scheme}://{self.http_address}{path}", method=method)
        for key, value in self.metadata(token):
            request.add_header(key, value)
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE, context=self.tls) as response:
                return response.status, response.headers, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read().decode()
