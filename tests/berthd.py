"""A real berthd for tests: started on ports of its own, with what it logs at hand, and called through grpcio.

    with Berthd("--source", folder) as berthd:
        berthd.call("berth.v1.AdmissionService/Admit", berthd.messages["berth.v1.AdmitRequest"](...))

The messages are made by protoc from proto/, as any client's are. Needs python3-grpcio and python3-protobuf.
"""

import functools
import importlib
import json
import os
import pathlib
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
BINARY = os.environ.get("BERTHD_BINARY", str(ROOT / "build/release/berthd"))
DEADLINE = 60  # seconds; only a hang takes so long

SERVICES = {
    "coreweave.sandbox.v1beta2.DiscoveryService",
    "coreweave.sandbox.v1beta2.GatewayService",
    "berth.v1.AdmissionService",
}


@functools.cache
def generated():
    """The folder with what protoc makes of our .proto files; on sys.path from then on."""
    folder = tempfile.mkdtemp(prefix="berth-proto-")
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


class Berthd:
    """A berthd and a channel to it. `arguments` are its flags; gRPC and HTTP get ports that are free."""

    def __init__(self, *arguments, environment=None, listen="127.0.0.1:0", http_listen="127.0.0.1:0", token=None,
                 credentials=None, ready=True):
        self.arguments = [BINARY, "--listen", listen, "--http-listen", http_listen, *map(str, arguments)]
        clean = {key: value for key, value in os.environ.items() if not key.startswith("BERTHD_")}
        self.environment = {**clean, **(environment or {})}
        self.token = token
        self.credentials = credentials
        self.wait_until_ready = ready
        self.lines = []
        self.arrived = threading.Condition()

    def __enter__(self):
        self.process = subprocess.Popen(self.arguments, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                        env=self.environment, text=True)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.address = self.wait_for("serving gRPC")["address"]
        if self.arguments[4]:
            self.http_address = self.wait_for("serving HTTP")["address"]
        if self.wait_until_ready:
            self.wait_for("ready")
        self.channel = self.connect()
        return self

    def __exit__(self, *_):
        self.channel.close()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(DEADLINE)
        finally:
            self.process.kill()
            self.process.wait()
            self.reader.join()
            self.process.stderr.close()

    def _read(self):
        for line in self.process.stderr:
            with self.arrived:
                self.lines.append(line)
                self.arrived.notify_all()
        with self.arrived:
            self.lines.append(None)
            self.arrived.notify_all()

    def wait_for(self, text, after=0):
        """The first log line from number `after` on whose message is `text`."""
        end = time.monotonic() + DEADLINE
        with self.arrived:
            seen = after
            while True:
                while seen < len(self.lines):
                    line = self.lines[seen]
                    if line is None:
                        raise AssertionError(f"berthd ended without `{text}`:\n" + "".join(self.lines[:-1]))
                    seen += 1
                    if json.loads(line)["message"] == text:
                        return json.loads(line)
                if not self.arrived.wait(end - time.monotonic()):
                    raise AssertionError(f"berthd did not say `{text}`:\n" + "".join(filter(None, self.lines)))

    def log(self):
        with self.arrived:
            return "".join(filter(None, self.lines))

    def connect(self):
        options = [("grpc.max_receive_message_length", 100 << 20), ("grpc.max_send_message_length", 100 << 20)]
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

    def http(self, path, token=None, method="GET"):
        """Status, headers and text of a page."""
        request = urllib.request.Request(f"http://{self.http_address}{path}", method=method)
        for key, value in self.metadata(token):
            request.add_header(key, value)
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE) as response:
                return response.status, response.headers, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read().decode()
