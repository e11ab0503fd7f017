"""berthd as its operators see it: reloads, tokens, certificates, sockets, draining, settings, logs and metrics.

Everything is done to a real berthd, with files, signals and clients. No test waits for a time: each waits for something
to happen.
"""

import hashlib
import json
import mmap
import os
import pathlib
import signal
import socket
import ssl
import stat
import subprocess
import tempfile
import threading
import unittest

import grpc
from berthd import BINARY, DEADLINE, Authority, Berthd, clean_environment, details, method, replace, run, until
from daemon_wire_test import ADMISSION, DISCOVERY, GATEWAY, PROFILE, runner, sha256

ADMIT = f"{ADMISSION}/Admit"
STREAM = f"{ADMISSION}/AdmitStream"
ZONE = "kind: Zone\nzone: us-1\ndefaults: {}\n"
BASE = PROFILE.format(organization="default", name="base").rstrip("-\n") + "\n"
TOO_MUCH = {"resource_requests": {"memory": "900Gi"}}
SHORT = {"resource_requests": {"memory": "1Gi"}}


def one_runner(name, **values):
    return runner("default", name, **values).rstrip("-\n") + "\n"


class OperationTest(unittest.TestCase):
    """A folder, in it a catalog of one file for each object."""

    def setUp(self):
        self.root = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.catalog = self.root / "catalog"
        self.catalog.mkdir()
        (self.catalog / "zone.yaml").write_text(ZONE)
        (self.catalog / "profile.yaml").write_text(BASE)
        (self.catalog / "alpha.yaml").write_text(one_runner("alpha"))

    def serve(self, *arguments, **options):
        berthd = self.enterContext(Berthd("--source", self.catalog, *arguments, **options))
        return berthd

    def runners(self, berthd):
        return [r.runner_id for r in berthd.call(f"{DISCOVERY}/ListAvailableRunners").runners]

    def until_runners(self, berthd, wanted):
        until(lambda: self.runners(berthd) == wanted, f"the runners are {wanted}")

    def revision(self, berthd):
        """That of an answer, and nothing else says another one."""
        decision = json.loads(berthd.call(ADMIT, launch={}).decision_json)
        return decision["catalog_revision"]

    def refused(self, call, code, reason):
        with self.assertRaises(grpc.RpcError) as caught:
            call()
        self.assertEqual(caught.exception.code().name, code, caught.exception.details())
        _, found = details(caught.exception)
        self.assertEqual(found["ErrorInfo"].reason, reason)


class Reload(OperationTest):
    # Nothing but news of a change, or a signal, brings it: the next look without news would be tomorrow.
    QUIET = ("--source-poll-seconds", "86400")

    def test_a_file_is_replaced_by_renaming(self):
        berthd = self.serve(*self.QUIET)
        before = self.revision(berthd)
        replace(self.catalog / "alpha.yaml", one_runner("beta"))
        self.until_runners(berthd, ["beta"])
        after = self.revision(berthd)
        self.assertGreater(after, before)
        self.assertEqual(berthd.readiness()[1]["catalog_revision"], after)
        self.assertEqual(berthd.metric("berthd_catalog_revision"), after)

    def test_files_are_written_in_place_added_and_deleted(self):
        berthd = self.serve(*self.QUIET)
        (self.catalog / "beta.yaml").write_text(one_runner("beta"))
        self.until_runners(berthd, ["alpha", "beta"])
        (self.catalog / "alpha.yaml").write_text(one_runner("gamma"))
        self.until_runners(berthd, ["beta", "gamma"])
        (self.catalog / "beta.yaml").unlink()
        self.until_runners(berthd, ["gamma"])
        (self.catalog / "below/deeper").mkdir(parents=True)
        (self.catalog / "below/deeper/delta.yaml").write_text(one_runner("delta"))
        self.until_runners(berthd, ["delta", "gamma"])
        os.rename(self.catalog / "below", self.root / "elsewhere")
        self.until_runners(berthd, ["gamma"])

    def test_a_folder_is_swapped_by_a_symbolic_link(self):
        # As the kubelet mounts a ConfigMap: every file a link through `..data`, which is renamed over.
        mount = self.root / "mount"
        mount.mkdir()

        def version(name, runner_id):
            folder = mount / name
            folder.mkdir()
            (folder / "all.yaml").write_text(f"{ZONE}---\n{BASE}---\n{one_runner(runner_id)}")
            os.symlink(name, mount / "..new")
            os.rename(mount / "..new", mount / "..data")

        version("..2026_01", "alpha")
        os.symlink("..data/all.yaml", mount / "all.yaml")
        self.catalog = mount
        berthd = self.serve(*self.QUIET)
        revisions = [self.revision(berthd)]
        for number in range(2, 6):
            version(f"..2026_0{number}", f"runner-{number}")
            self.until_runners(berthd, [f"runner-{number}"])
            revisions.append(self.revision(berthd))
        self.assertEqual(revisions, sorted(set(revisions)))

    def test_sighup_brings_what_nothing_told(self):
        berthd = self.serve(*self.QUIET)
        path = self.catalog / "alpha.yaml"
        # What is written through memory is no news to those that watch files.
        with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
            at = memory.find(b"alpha")
            memory[at:at + 5] = b"omega"
            memory.flush()
        seen = berthd.signal(signal.SIGHUP)
        berthd.wait_for("reloading", seen)
        self.until_runners(berthd, ["omega"])

    def test_a_broken_file_leaves_its_last_good_objects(self):
        berthd = self.serve(*self.QUIET)
        before = self.revision(berthd)
        replace(self.catalog / "alpha.yaml", one_runner("alpha") + "---\nkind: Runner\n  runner_id: [\n")
        line = berthd.wait_for("file refused, its last good objects are served")
        self.assertEqual((line["level"], line["file"], line["kept_objects"]), ("error", "alpha.yaml", 1))
        finding = berthd.wait_for("finding")
        self.assertRegex(finding["source"], r"^alpha\.yaml:\d+:\d+$")
        status, document = berthd.readiness()
        self.assertEqual((status, document["ready"]), (200, True))
        (stale,) = document["stale_files"]["listed"]
        self.assertEqual((document["stale_files"]["total"], stale["file"], stale["kept_objects"]), (1, "alpha.yaml", 1))
        self.assertEqual(stale["issues"][0]["source"], finding["source"])
        self.assertEqual(stale["issues"][0]["message"], finding["detail"])
        self.assertEqual(berthd.metric("berthd_catalog_stale_files"), 1)
        self.assertEqual(self.runners(berthd), ["alpha"])
        self.assertEqual(self.revision(berthd), before)
        replace(self.catalog / "alpha.yaml", one_runner("alpha"))
        berthd.wait_for("file is good again, or gone", file="alpha.yaml")
        self.assertEqual(berthd.readiness()[1]["stale_files"], {"total": 0, "listed": []})
        self.assertEqual(berthd.metric("berthd_catalog_stale_files"), 0)

    def test_a_refused_object_leaves_its_last_good_version(self):
        berthd = self.serve(*self.QUIET)
        replace(self.catalog / "alpha.yaml", one_runner("alpha").replace("32000", "many"))
        line = berthd.wait_for("object refused, its last good version is served")
        self.assertIn("alpha", line["object"])
        finding = berthd.wait_for("finding")
        self.assertRegex(finding["source"], r"^alpha\.yaml:\d+:\d+$")
        _, document = berthd.readiness()
        (stale,) = document["stale_objects"]["listed"]
        self.assertEqual((stale["object"], stale["issues"][0]["source"]), (line["object"], finding["source"]))
        self.assertEqual(berthd.metric("berthd_catalog_stale_objects"), 1)
        self.assertEqual(self.runners(berthd), ["alpha"])
        # What is mended elsewhere meanwhile is served, and a deleted object goes whatever its last version was.
        replace(self.catalog / "beta.yaml", one_runner("beta"))
        self.until_runners(berthd, ["alpha", "beta"])
        (self.catalog / "alpha.yaml").unlink()
        self.until_runners(berthd, ["beta"])
        berthd.wait_for("object is good again, or gone", object=line["object"])
        self.assertEqual(berthd.metric("berthd_catalog_stale_objects"), 0)

    def test_an_object_that_was_never_good_is_not_served(self):
        berthd = self.serve(*self.QUIET)
        replace(self.catalog / "beta.yaml", one_runner("beta").replace("32000", "many"))
        line = berthd.wait_for("object refused, it is not served")
        (refused,) = berthd.readiness()[1]["refused_objects"]["listed"]
        self.assertEqual(refused["object"], line["object"])
        self.assertRegex(refused["issues"][0]["source"], r"^beta\.yaml:\d+:\d+$")
        self.assertEqual(self.runners(berthd), ["alpha"])
        replace(self.catalog / "beta.yaml", one_runner("beta"))
        self.until_runners(berthd, ["alpha", "beta"])
        self.assertEqual(berthd.readiness()[1]["refused_objects"]["total"], 0)

    def test_a_catalog_poisoned_again_and_again(self):
        berthd = self.serve(*self.QUIET)
        served = [self.revision(berthd)]
        poisons = ["kind: Runner\nrunner_id: [", "\0", "&a [*a]\n", "kind: Runner\n  a: b\n",
                   one_runner("alpha").replace("32000", "many")]
        # What is refused only beside all others is compiled with them, and the revision says so.
        beside_others = [one_runner("alpha").replace("zone: us-1, ", ""),
                         one_runner("alpha") + "---\n" + one_runner("alpha")]
        for turn, poison in enumerate((poisons + beside_others) * 3):
            replace(self.catalog / "alpha.yaml", poison)
            until(lambda: sum(berthd.readiness()[1][key]["total"] for key in ("stale_files", "stale_objects")),
                  f"poison {poison!r} of turn {turn} is seen")
            self.assertEqual(self.runners(berthd), ["alpha"])
            if poison in poisons:
                self.assertEqual(self.revision(berthd), served[-1], f"poison {poison!r} moved the revision")
            last = self.revision(berthd)
            self.assertEqual(berthd.readiness()[0], 200)
            replace(self.catalog / "alpha.yaml", one_runner("alpha", group=f"group-{turn}"))
            until(lambda: self.revision(berthd) > last, f"the good version of turn {turn} is served")
            self.assertEqual(berthd.call(f"{DISCOVERY}/GetAvailableRunner", runner_id="alpha").runner_group_id,
                             f"group-{turn}")
            served.append(self.revision(berthd))
        self.assertEqual(served, sorted(set(served)))
        _, document = berthd.readiness()
        self.assertEqual([document[key]["total"] for key in ("stale_files", "stale_objects", "refused_objects")],
                         [0, 0, 0])

    def test_a_source_that_is_missing_at_the_start(self):
        missing = self.root / "later"
        with Berthd("--source", missing, "--source-poll-seconds", "1", ready=False) as berthd:
            until(lambda: berthd.readiness()[1]["problems"], "the missing source is a problem")
            status, document = berthd.readiness()
            self.assertEqual((status, document["ready"], document["catalog_revision"]), (503, False, 0))
            self.assertIn(str(missing), document["problems"][0])
            self.assertEqual(berthd.health(), "NOT_SERVING")
            self.assertEqual(berthd.http("/healthz")[0], 200)
            code, text, _, found = berthd.error(ADMIT, launch={})
            self.assertEqual((code, found["ErrorInfo"].reason), ("UNAVAILABLE", "CWSANDBOX_BACKEND_UNAVAILABLE"),
                             text)
            os.rename(self.catalog, missing)
            berthd.wait_for("ready")
            self.assertEqual(berthd.readiness()[0], 200)
            self.assertEqual(berthd.readiness()[1]["problems"], [])
            until(lambda: berthd.health() == "SERVING", "health says so")
            # When the folder goes, what was served is served on.
            os.rename(missing, self.catalog)
            until(lambda: berthd.readiness()[1]["problems"], "the source is missing again")
            self.assertEqual(self.runners(berthd), ["alpha"])


class Tokens(OperationTest):
    def write(self, **tokens):
        """`name=token` for each; the file is replaced."""
        entries = "".join(f"  - {{name: {name}, sha256: {sha256(token)}, roles: [SANDBOX_USER]}}\n"
                          for name, token in tokens.items())
        replace(self.root / "tokens.yaml", "tokens:\n" + entries)

    def serve_with_tokens(self, *arguments, **options):
        return self.serve("--tokens", self.root / "tokens.yaml", *arguments, **options)

    def works(self, berthd, token):
        try:
            berthd.call(ADMIT, token=token, launch={})
            return True
        except grpc.RpcError as error:
            self.assertEqual(error.code().name, "UNAUTHENTICATED")
            return False

    def test_a_replaced_file_admits_the_new_and_refuses_the_old(self):
        self.write(old="token-that-was", kept="token-that-stays")
        berthd = self.serve_with_tokens()
        stream = berthd.open(STREAM, token="token-that-was")
        kept = berthd.open(STREAM, token="token-that-stays")
        self.assertEqual(stream.ask(request_id=1, launch={}).WhichOneof("answer"), "admitted")
        self.assertEqual(kept.ask(request_id=1, launch={}).WhichOneof("answer"), "admitted")
        self.assertEqual(berthd.http("/v1beta2/runners", token="token-that-was")[0], 200)
        self.write(new="token-to-come", kept="token-that-stays")
        until(lambda: self.works(berthd, "token-to-come"), "the new token works")
        self.assertFalse(self.works(berthd, "token-that-was"))
        self.assertEqual(berthd.http("/v1beta2/runners", token="token-that-was")[0], 401)
        self.refused(lambda: stream.ask(request_id=2, launch={}), "UNAUTHENTICATED", "CWSANDBOX_UNAUTHENTICATED")
        self.assertEqual(kept.ask(request_id=2, launch={}).request_id, 2)
        kept.close()
        self.assertEqual(list(kept.answers), [])

    def test_a_signal_reads_them_too(self):
        self.write(first="first-token")
        berthd = self.serve_with_tokens()
        path = self.root / "tokens.yaml"
        self.write(second="second-token")
        seen = berthd.signal(signal.SIGHUP)
        berthd.wait_for("tokens loaded", seen, tokens=1)
        until(lambda: self.works(berthd, "second-token"), "the second token works")
        self.assertTrue(path.exists())

    def test_a_broken_file_leaves_the_tokens_before(self):
        self.write(good="good-token")
        berthd = self.serve_with_tokens()
        path = self.root / "tokens.yaml"
        for text, place in [("tokens: [", r"tokens\.yaml:\d+:\d+"), ("tokens:\n  - {name: a}\n", r"tokens\.yaml:2:\d+"),
                            ("tokens:\n  - {name: a, sha256: good-token, roles: [SANDBOX_USER]}\n",
                             r"tokens\.yaml:2:\d+"),
                            ("tokenz: []\n", r"tokens\.yaml:1:1"), ("", r"tokens\.yaml:1:1"),
                            ("tokens:\n  - {name: a, sha256: " + sha256("x") + ", roles: [ROOT]}\n",
                             r"tokens\.yaml:2:\d+")]:
            with self.subTest(text):
                seen = berthd.seen()
                replace(path, text)
                line = berthd.wait_for("the tokens before stay in force", seen)
                self.assertEqual(line["level"], "error")
                self.assertRegex(line["detail"], place)
                self.assertTrue(self.works(berthd, "good-token"))
        seen = berthd.seen()
        path.unlink()
        self.assertIn(str(path), berthd.wait_for("the tokens before stay in force", seen)["detail"])
        self.assertTrue(self.works(berthd, "good-token"))
        self.write(mended="mended-token")
        until(lambda: self.works(berthd, "mended-token"), "the mended file is read")
        self.assertFalse(self.works(berthd, "good-token"))

    def test_a_broken_file_is_none_to_start_with(self):
        (self.root / "tokens.yaml").write_text("tokens:\n  - {name: a, sha256: secret-token, roles: []}\n")
        code, out, err = run("--source", self.catalog, "--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0",
                             "--tokens", self.root / "tokens.yaml")
        self.assertEqual((code, out), (4, ""))
        self.assertRegex(json.loads(err.splitlines()[-1])["detail"], r"tokens\.yaml:2:\d+: .*64 hexadecimal")
        self.assertNotIn("secret-token", err)

    def test_no_secret_is_ever_shown(self):
        secrets = ["the-secret-of-one", "the-secret-of-two", "a-guess-of-mallory"]
        self.write(one=secrets[0])
        log = self.root / "decisions.log"
        berthd = self.serve_with_tokens("--log-level", "debug", "--decision-log", log)
        shown = []
        for token in secrets:
            self.works(berthd, token)
            shown.append(berthd.http("/v1beta2/runners", token=token)[2])
            shown.append(berthd.http(f"/v1beta2/runners?token={token}", token=token)[2])
        replace(self.root / "tokens.yaml", f"tokens: [{{name: a, sha256: {secrets[1]}, roles: []}}]\n")
        berthd.wait_for("the tokens before stay in force")
        self.write(two=secrets[1])
        until(lambda: self.works(berthd, secrets[1]), "the second token works")
        shown += [berthd.http(page)[2] for page in ("/metrics", "/readyz", "/healthz")]
        self.assertEqual(berthd.stop(), 0)
        shown += [berthd.log(), log.read_text()]
        # A wrong query parameter is named by its key alone.
        for text in shown:
            for secret in secrets:
                for form in (secret, sha256(secret), sha256(secret)[:16]):
                    self.assertNotIn(form, text)


class Tls(OperationTest):
    @classmethod
    def setUpClass(cls):
        cls.pki = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        authority = Authority(cls.pki)
        for name in ("first", "second", "client"):
            authority.issue(name)
        authority.issue("expired", days=-1)
        Authority(cls.pki, "other").issue("foreign")

    def pem(self, name):
        return (self.pki / name).read_bytes()

    def install(self, certificate, key=None):
        replace(self.root / "tls.key", self.pem(f"{key or certificate}.key").decode())
        replace(self.root / "tls.crt", self.pem(f"{certificate}.crt").decode())

    def credentials(self, client=None):
        pair = (self.pem(f"{client}.key"), self.pem(f"{client}.crt")) if client else (None, None)
        return grpc.ssl_channel_credentials(self.pem("authority.crt"), *pair)

    def context(self, client=None):
        context = ssl.create_default_context(cafile=self.pki / "authority.crt")
        if client:
            context.load_cert_chain(self.pki / f"{client}.crt", self.pki / f"{client}.key")
        return context

    def serve_with_tls(self, *arguments, client=None):
        return self.serve("--tls-cert", self.root / "tls.crt", "--tls-key", self.root / "tls.key", *arguments,
                          credentials=self.credentials(client), tls=self.context(client))

    def served(self, address, client=None):
        """The name in the certificate that a new connection is shown."""
        context = self.context(client)
        context.set_alpn_protocols(["h2", "http/1.1"])
        host, port = address.rsplit(":", 1)
        with socket.create_connection((host, int(port)), DEADLINE) as plain, \
                context.wrap_socket(plain, server_hostname="localhost") as secure:
            return dict(pair[0] for pair in secure.getpeercert()["subject"])["commonName"]

    def test_the_certificate_is_replaced_while_it_serves(self):
        self.install("first")
        berthd = self.serve_with_tls()
        addresses = (berthd.address, berthd.http_address)
        self.assertEqual([self.served(address) for address in addresses], ["first", "first"])
        stream = berthd.open(STREAM)
        stream.ask(launch={})
        self.install("second")
        until(lambda: [self.served(address) for address in addresses] == ["second", "second"], "the second is shown")
        self.assertEqual(stream.ask(request_id=7, launch={}).request_id, 7)  # over the connection of before
        berthd.call(ADMIT, launch={})
        self.assertEqual(berthd.readiness()[0], 200)
        stream.close()
        self.assertEqual(list(stream.answers), [])

    def test_a_pair_that_does_not_fit_leaves_the_one_before(self):
        self.install("first")
        berthd = self.serve_with_tls()
        addresses = (berthd.address, berthd.http_address)

        def break_with(what):
            seen = berthd.seen()
            what()
            line = berthd.wait_for("the certificates before stay in force", seen)
            self.assertEqual(line["level"], "error")
            # Twice: a handshake may be what finds out.
            for _ in range(2):
                self.assertEqual([self.served(address) for address in addresses], ["first", "first"])
            return line["detail"]

        other_key = self.pem("second.key").decode()
        self.assertIn("do not match", break_with(lambda: replace(self.root / "tls.key", other_key)))
        self.assertIn("certificate", break_with(lambda: replace(self.root / "tls.crt", "no certificate\n")))
        self.assertIn(str(self.root / "tls.crt"), break_with(lambda: (self.root / "tls.crt").unlink()))
        self.install("second")
        until(lambda: [self.served(address) for address in addresses] == ["second", "second"], "the mended pair serves")
        self.assertNotIn(other_key.splitlines()[1], berthd.log())

    def test_clients_prove_themselves(self):
        self.install("first")
        berthd = self.serve_with_tls("--tls-client-ca", self.pki / "authority.crt", client="client")
        berthd.call(ADMIT, launch={})
        self.assertEqual(berthd.http("/v1beta2/runners")[0], 200)
        for client in (None, "foreign", "expired"):
            with self.subTest(client):
                with grpc.secure_channel(berthd.address, self.credentials(client)) as channel:
                    with self.assertRaises(grpc.RpcError) as caught:
                        channel.unary_unary(f"/{ADMIT}")(b"\x0a\x00", timeout=DEADLINE)
                    self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)
                berthd.tls = self.context(client)
                try:
                    status, _, text = berthd.http("/v1beta2/runners")
                    self.assertEqual(status, 403, text)
                except OSError:
                    pass  # the handshake failed
        berthd.tls = self.context("client")
        berthd.call(ADMIT, launch={})
        self.assertEqual(berthd.metric("berthd_admissions_total"), 2)

    def test_the_authority_of_clients_is_replaced(self):
        self.install("first")
        replace(self.root / "clients.crt", self.pem("other.crt").decode())
        berthd = self.serve_with_tls("--tls-client-ca", self.root / "clients.crt", client="foreign")
        berthd.call(ADMIT, launch={})
        replace(self.root / "clients.crt", self.pem("authority.crt").decode())
        berthd.wait_for("certificates loaded")

        def admitted(client):
            with grpc.secure_channel(berthd.address, self.credentials(client)) as channel:
                try:
                    channel.unary_unary(f"/{ADMIT}")(b"\x0a\x00", timeout=DEADLINE)
                    return True
                except grpc.RpcError:
                    return False

        until(lambda: admitted("client"), "the new authority's client is served")
        self.assertFalse(admitted("foreign"))

    def test_files_that_cannot_be_used_are_none_to_start_with(self):
        self.install("first", key="second")
        arguments = ["--source", self.catalog, "--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0",
                     "--tls-cert", self.root / "tls.crt", "--tls-key", self.root / "tls.key"]
        code, _, err = run(*arguments)
        self.assertEqual(code, 4, err)
        self.assertIn("do not match", json.loads(err.splitlines()[-1])["detail"])
        (self.root / "tls.key").unlink()
        code, _, err = run(*arguments)
        self.assertEqual(code, 4, err)
        self.assertIn(str(self.root / "tls.key"), json.loads(err.splitlines()[-1])["detail"])

    def test_other_machines_are_not_served_by_accident(self):
        for arguments, words in [
            (["--listen", "0.0.0.0:0"], ["`listen` opens `0.0.0.0:0` to other machines without TLS: set `tls_cert` and "
                                         "`tls_key`, or `allow_plaintext`, or listen on `127.0.0.1`",
                                         "without asking who calls: set `tokens` or `tls_client_ca`, or listen on"]),
            (["--listen", "0.0.0.0:0", "--allow-plaintext"], ["without asking who calls"]),
            (["--listen", "[::]:0", "--tokens", "tokens.yaml"], ["`[::]:0` to other machines without TLS"]),
            (["--http-listen", "0.0.0.0:0"], ["`http_listen` opens", "without TLS", "without asking who calls"]),
        ]:
            with self.subTest(arguments):
                code, out, err = run("--source", self.catalog, *arguments)
                self.assertEqual((code, out), (2, ""))
                for word in words:
                    self.assertIn(word, err)
                self.assertTrue(all(line.startswith("berthd: flag ") for line in err.splitlines()), err)


class Sockets(OperationTest):
    def serve_on(self, path, **options):
        return Berthd("--source", self.catalog, listen=f"unix:{path}", **options)

    def test_a_unix_socket(self):
        path = self.root / "berthd.sock"
        with self.serve_on(path) as berthd:
            self.assertEqual(berthd.address, f"unix:{path}")
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o660)
            berthd.call(ADMIT, launch={})
            # The socket of a server that lives is not taken away from it.
            code, _, err = run("--source", self.catalog, "--listen", f"unix:{path}", "--http-listen", "")
            self.assertEqual(code, 4, err)
            self.assertIn(f"unix:{path}", json.loads(err.splitlines()[-1])["detail"])
            berthd.call(ADMIT, launch={})
        self.assertFalse(path.exists())

    def test_a_socket_that_a_killed_process_left(self):
        path = self.root / "berthd.sock"
        with self.assertRaises(AssertionError):  # its exit code
            with self.serve_on(path) as berthd:
                berthd.kill()
        self.assertTrue(path.is_socket())
        with self.serve_on(path) as berthd:
            berthd.call(ADMIT, launch={})

    def test_what_is_no_socket_stays(self):
        path = self.root / "precious"
        path.write_text("text")
        code, _, err = run("--source", self.catalog, "--listen", f"unix:{path}", "--http-listen", "")
        self.assertEqual((code, path.read_text()), (4, "text"), err)
        code, _, err = run("--source", self.catalog, "--listen", f"unix:{self.root}/no/such", "--http-listen", "")
        self.assertEqual(code, 4)
        self.assertIn("there is no such folder", err)

    def test_a_port_that_is_taken(self):
        berthd = self.serve()
        for setting, address in (("--listen", berthd.address), ("--http-listen", berthd.http_address)):
            other = "--http-listen" if setting == "--listen" else "--listen"
            code, out, err = run("--source", self.catalog, setting, address, other, "127.0.0.1:0")
            self.assertEqual((code, out), (4, ""))
            line = json.loads(err.splitlines()[-1])
            self.assertEqual((line["level"], line["message"]), ("error", "cannot serve"))
            self.assertIn(f"cannot listen on `{address}`: it is in use", line["detail"])
        berthd.call(ADMIT, launch={})

    def test_several_addresses(self):
        path = self.root / "second.sock"
        listen = f"127.0.0.1:0,[::1]:0,unix:{path}"
        with Berthd("--source", self.catalog, listen=listen, http_listen="[::1]:0") as berthd:
            addresses = [json.loads(line)["address"] for line in berthd.log().splitlines() if "serving gRPC" in line]
            self.assertEqual(len(addresses), 3)
            for address in addresses:
                with grpc.insecure_channel(address) as channel:
                    channel.unary_unary(f"/{ADMIT}")(b"\x0a\x00", timeout=DEADLINE)
            self.assertEqual(berthd.readiness()[0], 200)


class Draining(OperationTest):
    def test_calls_under_way_are_answered(self):
        berthd = self.serve("--grace-seconds", DEADLINE)
        until(lambda: berthd.health() == "SERVING", "health says so")
        watch = berthd.watch_health()
        self.assertEqual(next(watch), "SERVING")
        stream = berthd.open(STREAM)
        stream.ask(request_id=1, launch={})
        berthd.signal(signal.SIGTERM)
        berthd.wait_for("draining")
        status, document = berthd.readiness()
        self.assertEqual((status, document["ready"], document["draining"]), (503, False, True))
        self.assertEqual(berthd.http("/healthz")[0], 200)
        self.assertEqual(next(watch), "NOT_SERVING")
        watch.close()
        # The stream is told, once everything that was read of it is answered; so are calls on connections that are open.
        with self.assertRaises(grpc.RpcError) as caught:
            next(stream.answers)
        self.assertEqual(caught.exception.code().name, "UNAVAILABLE")
        self.assertEqual(details(caught.exception)[1]["ErrorInfo"].reason, "CWSANDBOX_BACKEND_UNAVAILABLE")
        # No new connections.
        host, port = berthd.address.rsplit(":", 1)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection((host, int(port)), DEADLINE)
        stream.close()
        self.assertEqual(berthd.wait_for_end(), 0)
        self.assertEqual(json.loads(berthd.log().splitlines()[-1])["message"], "stopped")

    def test_without_grace_it_ends_at_once(self):
        berthd = self.serve("--grace-seconds", "0")
        stream = berthd.open(STREAM)
        stream.ask(launch={})
        berthd.signal(signal.SIGINT)
        with self.assertRaises(grpc.RpcError) as caught:
            next(stream.answers)
        self.assertIn(caught.exception.code().name, ("UNAVAILABLE", "CANCELLED"))
        self.assertEqual(berthd.wait_for_end(), 0)
        stream.close()

    def test_who_stays_does_not_hold_it_up(self):
        berthd = self.serve("--grace-seconds", "3600")
        until(lambda: berthd.health() == "SERVING", "health says so")
        watch = berthd.watch_health()
        self.assertEqual(next(watch), "SERVING")
        stream = berthd.open(STREAM)
        stream.ask(launch={})
        self.assertEqual(berthd.stop(signal.SIGTERM), 0)  # although both stay open
        stream.close()

    def test_signals_during_the_start(self):
        documents = [ZONE, BASE] + [one_runner(f"runner-{i}") for i in range(2000)]
        (self.catalog / "all.yaml").write_text("---\n".join(documents))
        for name in ("zone.yaml", "profile.yaml"):
            (self.catalog / name).unlink()
        for number in (signal.SIGTERM, signal.SIGINT):
            with Berthd("--source", self.catalog, ready=False) as berthd:  # while the catalog is read
                berthd.signal(number)
                self.assertEqual(berthd.wait_for_end(), 0)
        # Before anything is said: the signal ends it before or after it has taken signals over.
        arguments = [BINARY, "--source", self.catalog, "--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0"]
        for _ in range(10):
            with subprocess.Popen(arguments, stderr=subprocess.DEVNULL, env=clean_environment()) as process:
                process.terminate()
                self.assertIn(process.wait(DEADLINE), (0, -signal.SIGTERM))

    def test_signals_again_and_again(self):
        berthd = self.serve()
        for _ in range(50):
            berthd.signal(signal.SIGHUP)
        berthd.call(ADMIT, launch={})
        several = (signal.SIGHUP, signal.SIGTERM, signal.SIGHUP, signal.SIGTERM, signal.SIGINT)
        self.assertEqual(berthd.stop(*several), 0)


class Settings(OperationTest):
    def config(self, *arguments, environment=None, code=0):
        got, out, err = run("config", *arguments, environment=environment, cwd=self.root)
        self.assertEqual(got, code, err)
        return out, err

    def test_file_then_environment_then_flags(self):
        (self.root / "berthd.yaml").write_text("# ours\nsource: catalog\ngrace_seconds: 3\nretry_delay_seconds: 4\n"
                                               "max_sandboxes: 5\nlisten: [127.0.0.1:1, '[::1]:2']\n")
        arguments = ["--show-origin", "--config", "berthd.yaml", "--max-sandboxes=7"]
        environment = {"BERTHD_RETRY_DELAY_SECONDS": "6", "BERTHD_MAX_SANDBOXES": "6"}
        out, _ = self.config(*arguments, "-o", "json", environment=environment)
        document = json.loads(out)
        self.assertEqual(document["schema"], "berth.config/v1")
        rows = {row["name"]: (row["value"], row["origin"]) for row in document["settings"]}
        self.assertEqual(rows["source"], ("catalog", "berthd.yaml:2:9"))
        self.assertEqual(rows["grace_seconds"], (3, "berthd.yaml:3:16"))
        self.assertEqual(rows["retry_delay_seconds"], (6, "environment BERTHD_RETRY_DELAY_SECONDS"))
        self.assertEqual(rows["max_sandboxes"], (7, "flag --max-sandboxes"))
        self.assertEqual(rows["listen"], (["127.0.0.1:1", "[::1]:2"], "berthd.yaml:6:9"))
        self.assertEqual(rows["http_listen"], ("127.0.0.1:7445", "default"))
        out, _ = self.config(*arguments, environment=environment)
        lines = [line.split() for line in out.splitlines()]
        self.assertEqual(lines[0], ["SETTING", "VALUE", "ORIGIN"])
        self.assertEqual(len(lines), len(rows) + 1)
        self.assertIn(["max_sandboxes", "7", "flag", "--max-sandboxes"], lines)
        self.assertIn(["source", "catalog", "berthd.yaml:2:9"], lines)
        # The file may be named by the environment as well, and the daemon reads all this as `config` does.
        out, _ = self.config(environment={"BERTHD_CONFIG": "berthd.yaml"})
        self.assertRegex(out, r"(?m)^max_sandboxes +5$")
        (self.root / "serving.yaml").write_text(f"source: {self.catalog}\nlog_level: debug\n")
        with Berthd("--config", self.root / "serving.yaml", environment={"BERTHD_GATEWAY_FACADE": "true"}) as berthd:
            berthd.call(f"{GATEWAY}/Start", command="sleep")

    def test_every_mistake_is_said_with_its_place(self):
        (self.root / "berthd.yaml").write_text("source: catalog\ngrace_second: 3\nmax_sandboxes: '5'\nsource: other\n")
        (self.root / "broken.yaml").write_text("source: [\n")
        for arguments, environment, words in [
            (["--config", "berthd.yaml"], {}, ["berthd.yaml:2:1: `grace_second` is no setting", "did you mean "
                                               "`grace_seconds`?", "berthd.yaml:3:16: `max_sandboxes` is a text",
                                               "berthd.yaml:4:1: "]),
            (["--config", "broken.yaml"], {}, ["broken.yaml:"]),
            (["--config", "nowhere.yaml"], {}, ["nowhere.yaml: no such file"]),
            (["--grace-seconds", "-1"], {}, ["flag --grace-seconds: `grace_seconds` is `-1`, needs a whole number "
                                             "from 0 to 3600"]),
            (["--log-level=wrn"], {}, ["flag --log-level: `log_level` is `wrn`", "did you mean `warn`?"]),
            (["--sorce", "x"], {}, ["command line: `--sorce` is no flag", "did you mean `--source`?"]),
            (["--source"], {}, ["flag --source: has no value"]),
            (["--source=a", "--source=b"], {}, ["flag --source: is given twice"]),
            (["catalog"], {}, ["there is no command `catalog`"]),
            ([], {"BERTHD_SORCE": "x"}, ["environment: `BERTHD_SORCE` is no setting: unset it; did you mean "
                                         "`BERTHD_SOURCE`?"]),
            ([], {"BERTHD_GATEWAY_FACADE": "yes"}, ["environment BERTHD_GATEWAY_FACADE: ", "needs `true` or `false`"]),
            ([], {}, ["default: `source` is not set: name the catalog's file or folder"]),
            (["--source=catalog", "--tls-cert=a"], {}, ["flag --tls-cert: `tls_cert` is set without its key"]),
            (["--source=catalog", "--tls-client-ca=a"], {}, ["`tls_client_ca` is set without TLS"]),
            (["--source=catalog", "--listen=localhost"], {}, ["flag --listen: `listen`: `localhost` has no port"]),
            (["--source=catalog", "--listen=example.com:1"], {}, ["names are not looked up"]),
            (["--source=catalog", "--listen=127.0.0.1:7445"], {}, ["choose another port"]),
        ]:
            with self.subTest(arguments=arguments, environment=environment):
                code, out, err = run(*arguments, environment=environment, cwd=self.root)
                self.assertEqual((code, out), (2, ""))
                for word in words:
                    self.assertIn(word, err)
                self.assertTrue(all(line.startswith("berthd: ") for line in err.splitlines()), err)
                if arguments != ["catalog"]:
                    self.assertEqual(run("config", *arguments, environment=environment, cwd=self.root)[::2], (2, err))

    def test_help_version_and_misuse(self):
        code, out, err = run("--help")
        self.assertEqual((code, err), (0, ""))
        rows = json.loads(self.config("--source=x", "-o", "json")[0])["settings"]
        for row in rows:
            self.assertIn(f"--{row['name'].replace('_', '-')}", out)
        code, out, err = run("--version")
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"^berthd \d+\.\d+\.\d+\n$")
        for arguments, word in [(["token"], "--name"), (["token", "--name"], "needs a value"),
                                (["token", "--nmae", "x"], "--nmae"), (["config", "-o", "xml"], "`text` or `json`"),
                                (["serve"], "no command `serve`")]:
            code, out, err = run(*arguments)
            self.assertEqual((code, out), (2, ""))
            self.assertIn(word, err)

    def test_a_token_it_makes_admits(self):
        code, token, entry = run("token", "--name", "it's \"mine\"", "--organization", "acme: {b}")
        self.assertEqual(code, 0)
        token = token.rstrip("\n")
        self.assertNotIn(token, entry)
        (line,) = [line for line in entry.splitlines() if line.lstrip().startswith("- {")]
        self.assertIn(sha256(token), line)
        (self.root / "tokens.yaml").write_text(f"tokens:\n{line}\n")
        berthd = self.serve("--tokens", self.root / "tokens.yaml")
        code, text, _, found = berthd.error(ADMIT, token=token, launch={})
        self.assertEqual((code, found["ErrorInfo"].reason), ("FAILED_PRECONDITION", "CWSANDBOX_NO_SUITABLE_RUNNER"),
                         text)
        self.assertNotEqual(run("token", "--name", "a")[1], run("token", "--name", "a")[1])


class DecisionLog(OperationTest):
    KEYS = ["time", "decision_id", "organization", "user", "sandbox_id", "verdict", "code", "reason", "runner",
            "profile", "revision", "latency_microseconds"]

    def decide(self, berthd, count, **launch):
        request_class, _ = method(STREAM)
        answers = berthd.stream(STREAM, (request_class(request_id=i, launch=launch) for i in range(count)))
        self.assertEqual(len(list(answers)), count)

    def lines(self, path):
        return [json.loads(line) for line in path.read_text().splitlines()]

    def test_every_decision_is_a_line(self):
        path = self.root / "decisions.log"
        berthd = self.serve("--decision-log", path)
        ids = [berthd.call(ADMIT, launch={"user_id": "u"}).decision_id]
        ids.append(berthd.error(ADMIT, launch=TOO_MUCH)[3]["ErrorInfo"].metadata["decision_id"])
        berthd.error(ADMIT, launch={"resource_requests": {"cpu": "many"}})
        self.assertEqual(berthd.stop(), 0)
        admitted, rejected, invalid = self.lines(path)
        self.assertEqual(list(admitted), self.KEYS)
        self.assertEqual([admitted["decision_id"], rejected["decision_id"]], ids)
        self.assertEqual((admitted["verdict"], admitted["user"], admitted["runner"], admitted["profile"]),
                         ("ADMITTED", "u", "alpha", "base"))
        self.assertEqual((rejected["verdict"], rejected["code"], rejected["reason"]),
                         ("REJECTED", "CWSANDBOX_NO_SUITABLE_RUNNER", "MEMORY_EXCEEDS_PROFILE"))
        self.assertEqual((invalid["verdict"], invalid["code"]), ("INVALID", "CWSANDBOX_INVALID_REQUEST"))

    def test_it_rotates_by_size(self):
        path = self.root / "decisions.log"
        berthd = self.serve("--decision-log", path, "--decision-log-max-bytes", 65536, "--decision-log-files", 2)
        self.decide(berthd, 1000)
        self.assertEqual(berthd.metric("berthd_decision_log_dropped_total"), 0)
        self.assertEqual(berthd.stop(), 0)
        names = sorted(name.name for name in self.root.glob("decisions.log*"))
        self.assertEqual(names, ["decisions.log", "decisions.log.1", "decisions.log.2"])
        numbers = []
        for name in reversed(names):
            self.assertLessEqual((self.root / name).stat().st_size, 65536)
            numbers += [int(line["decision_id"].rsplit("-", 1)[1]) for line in self.lines(self.root / name)]
        self.assertEqual(numbers, list(range(numbers[0], 1001)))
        self.assertGreater(numbers[0], 1)  # the oldest went

    def test_rejected_ones_only(self):
        path = self.root / "decisions.log"
        berthd = self.serve("--decision-log", path, "--decision-log-mode", "rejected")
        self.decide(berthd, 20)
        self.decide(berthd, 3, **TOO_MUCH)
        self.assertEqual(berthd.stop(), 0)
        self.assertEqual([line["verdict"] for line in self.lines(path)], ["REJECTED"] * 3)

    def test_a_sample_of_the_admitted(self):
        path = self.root / "decisions.log"
        berthd = self.serve("--decision-log", path, "--decision-log-sample", 10)
        self.decide(berthd, 100)
        self.decide(berthd, 5, **TOO_MUCH)
        self.assertEqual(berthd.stop(), 0)
        verdicts = [line["verdict"] for line in self.lines(path)]
        self.assertEqual((verdicts.count("ADMITTED"), verdicts.count("REJECTED")), (10, 5))

    def test_a_path_that_cannot_be_written(self):
        path = self.root / "missing/decisions.log"
        berthd = self.serve("--decision-log", path)
        line = berthd.wait_for("the decision log cannot be written; decisions are served without it")
        self.assertEqual(line["level"], "error")
        self.assertIn(f"`{path}` cannot be written: there is no such folder", line["detail"])
        berthd.call(ADMIT, launch={})
        self.assertGreaterEqual(berthd.metric("berthd_decision_log_errors_total"), 1)
        self.assertEqual(berthd.readiness()[0], 200)
        path.parent.mkdir()
        berthd.wait_for("the decision log is written again")
        until(lambda: len(self.lines(path)) == 1, "the decision of before is in the log")

    def test_a_disk_that_is_full(self):
        berthd = self.serve("--decision-log", "/dev/full")
        berthd.call(ADMIT, launch={})
        self.assertIn("the disk is full", berthd.wait_for("the decision log cannot be written; decisions are served "
                                                          "without it")["detail"])
        berthd.call(ADMIT, launch={})
        self.assertEqual(berthd.stop(), 0)


class Metrics(OperationTest):
    def test_promtool_accepts_them(self):
        berthd = self.serve("--gateway-facade")
        berthd.call(ADMIT, launch={})
        berthd.error(ADMIT, launch=TOO_MUCH)
        _, headers, text = berthd.http("/metrics")
        self.assertEqual(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True,
                              timeout=DEADLINE, check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_counters_add_up_to_the_calls(self):
        (self.root / "tokens.yaml").write_text(
            f"tokens:\n  - {{name: a, sha256: {sha256('a')}, roles: [SANDBOX_USER]}}\n"
            f"  - {{name: b, sha256: {sha256('b')}, roles: []}}\n")
        berthd = self.serve("--gateway-facade", "--tokens", self.root / "tokens.yaml", token="a")
        for _ in range(7):
            berthd.call(ADMIT, launch={})
        for _ in range(5):
            berthd.error(ADMIT, launch=TOO_MUCH)
        for _ in range(3):
            berthd.error(ADMIT, launch={"resource_requests": {"cpu": "many"}})
        for token, times in (("", 2), ("nobody's", 3), ("b", 4)):
            for _ in range(times):
                berthd.error(ADMIT, token=token, launch={})
        stream = berthd.open(STREAM)
        for launch in ({}, {}, TOO_MUCH):
            stream.ask(launch=launch)
        stream.close()
        sandboxes = [berthd.call(f"{GATEWAY}/Start", command="sleep").sandbox_id for _ in range(2)]
        berthd.call(f"{GATEWAY}/Stop", sandbox_id=sandboxes[0])
        berthd.http("/v1beta2/runners")
        berthd.http("/v1beta2/runners/nosuch")
        berthd.http("/v1beta2/runners", token="nobody's")

        def admissions(**labels):
            return berthd.metric("berthd_admissions_total", **labels)

        def requests(name, code):
            return berthd.metric("berthd_requests_total", method=name, code=code)

        self.assertEqual((admissions(verdict="ADMITTED"), admissions(verdict="INVALID")), (7 + 2 + 2, 3))
        self.assertEqual(admissions(verdict="REJECTED"), 5 + 1)
        self.assertEqual(admissions(verdict="REJECTED", reason="MEMORY_EXCEEDS_PROFILE"), 5 + 1)
        self.assertEqual({code: requests(ADMIT, code) for code in
                          ("OK", "FAILED_PRECONDITION", "INVALID_ARGUMENT", "UNAUTHENTICATED", "PERMISSION_DENIED")},
                         {"OK": 7, "FAILED_PRECONDITION": 5, "INVALID_ARGUMENT": 3, "UNAUTHENTICATED": 5,
                          "PERMISSION_DENIED": 4})
        self.assertEqual((requests(STREAM, "OK"), requests(STREAM, "FAILED_PRECONDITION")), (2, 1))
        self.assertEqual((requests("http", "404"), requests("http", "401")), (1, 1))
        before = requests("http", "200")
        self.assertEqual(requests("http", "200"), before + 1)  # asking is a request, counted once it is answered
        self.assertEqual({reason: berthd.metric("berthd_auth_failures_total", reason=reason)
                          for reason in ("missing", "unknown", "forbidden")},
                         {"missing": 2, "unknown": 3 + 1, "forbidden": 4})
        self.assertEqual(berthd.metric("berthd_request_duration_seconds_count", method=ADMIT), 7 + 5 + 3 + 2 + 3 + 4)
        self.assertEqual(berthd.metric("berthd_request_duration_seconds_bucket", method=ADMIT, le="+Inf"), 24)
        self.assertEqual(berthd.metric("berthd_sandboxes"), 1)
        self.assertEqual(berthd.metric("berthd_catalog_objects"), 3)

    def test_what_callers_send_makes_no_series(self):
        berthd = self.serve("--gateway-facade")
        before = set(berthd.metrics())
        for text in ("x", "é", '"\n', "a" * 1000):
            berthd.error(ADMIT, launch={"profile_names": [text], "runner_ids": [text]})
            berthd.http("/" + "".join(f"%{byte:02x}" for byte in text.encode()))
            with self.assertRaises(grpc.RpcError):
                berthd.channel.unary_unary(f"/{hashlib.sha256(text.encode()).hexdigest()}/x")(b"")
        after = {series for series in berthd.metrics() if series not in before}
        self.assertLessEqual(after, {f'berthd_requests_total{{method="{ADMIT}",code="FAILED_PRECONDITION"}}',
                                     f'berthd_requests_total{{method="{ADMIT}",code="INVALID_ARGUMENT"}}',
                                     'berthd_requests_total{method="http",code="404"}'})


class Restart(OperationTest):
    def test_it_is_killed_and_started_anew(self):
        # It keeps nothing: whatever moment it dies at, the next one serves the same.
        path = self.root / "decisions.log"
        for turn in range(5):
            process = Berthd("--source", self.catalog, "--decision-log", path)
            with self.assertRaisesRegex(AssertionError, "ended with -9"):
                with process as berthd:
                    stop = threading.Event()

                    def call():
                        while not stop.is_set():
                            try:
                                berthd.call(ADMIT, launch=SHORT)
                            except grpc.RpcError:
                                return

                    caller = threading.Thread(target=call)
                    caller.start()
                    until(lambda: berthd.metric("berthd_admissions_total") > 10 * turn, "it decides")
                    berthd.kill()
                    stop.set()
                    caller.join()
        berthd = self.serve("--decision-log", path)
        berthd.call(ADMIT, launch=SHORT)
        self.assertEqual(berthd.stop(), 0)
        for line in path.read_text().splitlines():
            json.loads(line)  # none is torn, whoever died while it wrote


del OperationTest

if __name__ == "__main__":
    unittest.main()
