"""Lists from files and from the web, while the server runs."""
import http.server
import ssl
import subprocess
import threading
import time

import pytest
from support import until

DENIED, PASSED = 7, 0


def banned(source, on_error="deny", type="string"):
    """Users in the list are refused."""
    return f'''
lists = ( {{ name = "banned"; type = "{type}"; {source} }} );
rules = ( {{ name = "no-banned"; on_error = "{on_error}";
            list = {{ name = "banned"; value = "source.user | ''";
                     otherwise = "pass"; }}; }} );
'''


def code(client, user):
    return client.check({"source.user": user}).code


def list_status(server):
    return server.status()["lists"]["banned"]


# --- files ------------------------------------------------------------------

def from_file(sluice, tmp_path, text, **options):
    (tmp_path / "s0").mkdir()
    path = tmp_path / "s0" / "banned.txt"
    path.write_text(text)
    return sluice(banned('file = "banned.txt";', **options)), path


def test_a_file_is_edited(sluice, tmp_path):
    server, path = from_file(sluice, tmp_path, "# users\nann\n")
    client = server.client()
    assert code(client, "ann") == DENIED
    assert code(client, "bob") == PASSED
    path.write_text("bob\n")  # in place
    server.wait_generation(2)
    assert code(client, "ann") == PASSED
    assert code(client, "bob") == DENIED
    new = path.with_suffix(".new")
    new.write_text("ann\nbob\ncid\n")
    new.rename(path)  # as editors do
    server.wait_generation(3)
    assert code(client, "cid") == DENIED
    assert list_status(server)["entries"] == 3
    assert server.events("list")[-1].endswith(
        'name="banned" available=true entries=3')


def test_a_bad_edit_keeps_the_old_list(sluice, tmp_path):
    server, path = from_file(sluice, tmp_path, "10.0.0.0/8\n", type="ip")
    client = server.client()
    path.write_text("10.0.0.0/8\n10.0.0.256\n")
    server.wait_event("reload_refused")
    assert "banned.txt:2:1" in server.log()
    assert code(client, "10.1.2.3") == DENIED
    assert code(client, "11.1.2.3") == PASSED
    path.unlink()
    server.wait_event("reload_refused", 2)
    assert code(client, "10.1.2.3") == DENIED
    path.write_text("11.0.0.0/8\n")
    server.wait_generation(2)
    assert code(client, "11.1.2.3") == DENIED


def test_a_large_list_holds_nobody_up(sluice, tmp_path):
    """New connections and calls go on while it is read and compiled."""
    server, path = from_file(sluice, tmp_path, "ann\n")
    done = threading.Event()
    worst = 0

    def replace():
        path.write_text("".join(f"user-{i}\n" for i in range(500_000)))
        server.wait_generation(2, within=30)
        done.set()

    thread = threading.Thread(target=replace)
    thread.start()
    while not done.is_set():
        begun = time.monotonic()
        with_new_connection = server.client()
        assert code(with_new_connection, "bob") == PASSED
        with_new_connection.close()
        worst = max(worst, time.monotonic() - begun)
    thread.join()
    assert worst < 2, worst
    assert code(server.client(), "user-499999") == DENIED
    assert list_status(server)["entries"] == 500_000


def own_mib(pid):
    """Memory of a process that is no mapping of something."""
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        return sum(int(line.split()[1]) for line in lines
                   if line.startswith("RssAnon")) / 1024


def test_a_million_entries_are_in_memory_once(sluice, tmp_path):
    path = tmp_path / "s0" / "banned.txt"
    path.parent.mkdir()
    path.write_text("ann\n")
    server = sluice(banned('file = "banned.txt"; max_size = "64MiB";'))
    client = server.client()
    assert code(client, "ann") == DENIED
    before = [own_mib(pid) for pid in server.worker_pids()]
    path.write_text("".join(f"user-{i}@example.com\n"
                            for i in range(1_000_000)))
    server.wait_generation(2, within=60)
    for i in range(0, 1_000_000, 999):
        assert code(client, f"user-{i}@example.com") == DENIED
    assert code(client, "user-1000000@example.com") == PASSED
    assert list_status(server)["entries"] == 1_000_000
    # The text alone is 22 MiB; what was read was not copied.
    after = [own_mib(pid) for pid in server.worker_pids()]
    for was, now in zip(before, after):
        assert now - was < 15, "a worker has a list of its own"


# --- the web ----------------------------------------------------------------

class Web:
    """One list, and how its server behaves."""

    def __init__(self):
        self.body, self.status, self.delay = "ann\n", 200, 0
        self.requests = self.unchanged = 0
        self.httpd = None
        self.port = 0
        self.certificate = None  # of https: a path; the key is in it too
        self.header = None  # of the last request, what is asked for in tests
        self.location = None

    def start(self):
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                web.requests += 1
                web.header = self.headers.get("x-api-key")
                time.sleep(web.delay)
                body = web.body.encode()
                etag = f'"{hash(web.body)}"'
                known = self.headers.get("If-None-Match") == etag
                status = 304 if known and web.status == 200 else web.status
                web.unchanged += status == 304
                self.send_response(status)
                self.send_header("ETag", etag)
                if web.location:
                    self.send_header("Location", web.location)
                if status != 304:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if status != 304:
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

            def handle(self):
                try:
                    super().handle()
                except OSError:
                    pass  # it did not wait for the answer

        self.httpd = http.server.ThreadingHTTPServer(
            ("127.0.0.1", self.port), Handler)
        self.port = self.httpd.server_address[1]
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            # The handshake in the connection's own thread, not in accept.
            self.httpd.socket = context.wrap_socket(
                self.httpd.socket, server_side=True,
                do_handshake_on_connect=False)
        threading.Thread(target=self.httpd.serve_forever, args=(0.02,)).start()

    def stop(self):
        if self.httpd:
            self.httpd.shutdown()
            self.httpd.server_close()
        self.httpd = None

    def config(self, more="", **options):
        scheme = "https" if self.certificate else "http"
        return banned(f'url = "{scheme}://127.0.0.1:{self.port}/banned"; '
                      f'refresh = "1s"; max_age = "4s"; {more}', **options)


@pytest.fixture
def web():
    web = Web()
    web.start()
    yield web
    web.stop()


def test_a_url_is_followed(sluice, web):
    server = sluice(web.config())
    client = server.client()
    assert code(client, "ann") == DENIED, "there from the first call on"
    until(lambda: web.unchanged >= 2)
    assert server.generation() == 1, "unchanged is no change"
    web.body = "bob\n"
    server.wait_generation(2)
    assert code(client, "ann") == PASSED
    assert code(client, "bob") == DENIED
    status = list_status(server)
    assert status["from"] == "url"
    assert status["given"] == 2
    assert server.metric("sluice_list_answers_total", list="banned",
                         result="unchanged") >= 2
    assert server.metric("sluice_list_entries", list="banned") == 1


@pytest.mark.parametrize("why, change, error", [
    ("an error", {"status": 500}, "HTTP status 500"),
    ("no list", {"body": "bob\n\x01\n"}, "control character"),
    ("too large", {"body": "bob\n" * 1000}, "longer than `max_size`"),
    ("too slow", {"delay": 2}, "timed out"),
])
def test_what_is_no_list_replaces_none(sluice, web, why, change, error):
    server = sluice(web.config('max_size = 1024; timeout = "500ms";'))
    client = server.client()
    for name, value in change.items():
        setattr(web, name, value)
    until(lambda: error in list_status(server).get("error", ""), what=why)
    assert code(client, "ann") == DENIED
    assert code(client, "bob") == PASSED
    assert server.metric("sluice_list_available", list="banned") == 1
    assert len(server.events("list_not_fetched")) == 1, "told once"


def test_a_list_becomes_too_old_and_comes_back(sluice, web):
    server = sluice(web.config())
    client = server.client()
    assert code(client, "bob") == PASSED
    web.stop()
    server.wait_event("list_not_fetched")
    assert code(client, "bob") == PASSED, "it still holds"
    until(lambda: not list_status(server)["available"])
    until(lambda: code(client, "bob") == DENIED, what="on_error")
    assert server.metric("sluice_list_available", list="banned") == 0
    web.start()
    until(lambda: code(client, "bob") == PASSED)
    assert code(client, "ann") == DENIED
    server.wait_event("list_fetched_again")


def test_a_start_without_the_url(sluice, web, tmp_path):
    web.stop()
    server = sluice(web.config())
    assert code(server.client(), "bob") == DENIED, "on_error"
    web.start()
    until(lambda: code(server.client(), "bob") == PASSED)


def test_a_start_waits_for_a_slow_url_but_not_for_ever(sluice, web):
    web.delay = 30
    begun = time.monotonic()
    server = sluice(web.config('timeout = "1s";', on_error="skip"))
    assert 1 <= time.monotonic() - begun < 10
    assert code(server.client(), "ann") == PASSED
    web.delay = 0


def test_the_last_good_list_outlives_a_restart(sluice, web, tmp_path):
    cache = tmp_path / "cache"
    config = web.config(f'cache = "{cache}";').replace('"4s"', '"1h"')
    server = sluice(config)
    assert code(server.client(), "ann") == DENIED
    server.kill()
    assert cache.read_text() == "ann\n"
    web.stop()
    server = sluice(config)
    assert code(server.client(), "ann") == DENIED
    assert code(server.client(), "bob") == PASSED


def test_a_broken_file_does_not_hold_lists_up(sluice, web):
    server = sluice(web.config())
    server.write("rules = ( broken")
    server.wait_event("reload_refused")
    web.body = "bob\n"
    server.wait_generation(2)
    assert code(server.client(), "bob") == DENIED


def test_a_url_that_an_edit_adds_is_there_with_it(sluice, web):
    """Never a moment in which the rule serves without its list."""
    web.delay = 1
    server = sluice("")
    client = server.client()
    assert code(client, "ann") == PASSED
    server.replace(web.config(on_error="skip"))
    server.wait_generation(2)
    assert code(client, "ann") == DENIED


# --- https ------------------------------------------------------------------

def openssl(*arguments):
    subprocess.run(("openssl",) + arguments, check=True, capture_output=True,
                   timeout=60)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Makes certificates: authority(NAME) is a CA of that name, and
    authority(NAME, HOST) what it certifies for a host, with its key."""
    folder = tmp_path_factory.mktemp("ca")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")

    def make(name, host=None):
        ca, ca_key = folder / f"{name}.pem", folder / f"{name}.key"
        if not ca.exists():
            openssl("req", "-x509", *key, "-days", "2", "-subj", f"/CN={name}",
                    "-keyout", str(ca_key), "-out", str(ca))
        if not host:
            return ca
        pem = folder / f"{name}-{host}.pem"
        request, its_key = pem.with_suffix(".csr"), pem.with_suffix(".key")
        names = pem.with_suffix(".ext")
        names.write_text(f"subjectAltName = {host}\n")
        openssl("req", *key, "-subj", "/CN=list", "-keyout", str(its_key),
                "-out", str(request))
        openssl("x509", "-req", "-in", str(request), "-CA", str(ca),
                "-CAkey", str(ca_key), "-CAcreateserial", "-days", "2",
                "-extfile", str(names), "-out", str(pem))
        pem.write_text(pem.read_text() + its_key.read_text())
        return pem

    return make


@pytest.fixture
def secure(authority):
    web = Web()
    web.certificate = authority("ours", "IP:127.0.0.1")
    web.start()
    yield web
    web.stop()


def certified_by(path):
    return f'ca_file = "{path}";'


def test_https(sluice, secure, authority):
    server = sluice(secure.config(certified_by(authority("ours"))))
    client = server.client()
    assert code(client, "ann") == DENIED
    assert code(client, "bob") == PASSED
    secure.body = "bob\n"
    server.wait_generation(2)
    assert code(client, "bob") == DENIED


@pytest.mark.parametrize("why, ca, host", [
    ("another authority", "theirs", "IP:127.0.0.1"),
    ("the system's do not know it", None, "IP:127.0.0.1"),
    ("of another host", "ours", "DNS:elsewhere.example"),
])
def test_a_wrong_certificate_gives_no_list(sluice, secure, authority, why, ca,
                                           host):
    secure.stop()
    secure.certificate = authority("ours", host)
    secure.start()
    server = sluice(secure.config(certified_by(authority(ca)) if ca else ""))
    server.wait_event("list_not_fetched")
    assert code(server.client(), "bob") == DENIED, "on_error"
    assert not list_status(server)["available"]
    assert "SSL" in list_status(server)["error"]
    assert secure.requests == 0, "nobody was asked"


def test_a_certificate_that_becomes_wrong_keeps_the_last_list(
        sluice, secure, authority, tmp_path):
    ca = tmp_path / "ca.pem"
    ca.write_bytes(authority("ours").read_bytes())
    # Long enough for a machine that others use.
    config = secure.config(certified_by(ca)).replace('"4s"', '"10m"')
    server = sluice(config)
    client = server.client()
    assert code(client, "ann") == DENIED
    secure.stop()
    secure.certificate = authority("theirs", "IP:127.0.0.1")
    secure.body = "bob\n"
    secure.start()
    server.wait_event("list_not_fetched")
    until(lambda: "SSL" in list_status(server).get("error", ""))
    assert code(client, "ann") == DENIED
    assert code(client, "bob") == PASSED, "the forged list was not taken"
    # The file is read anew each time: nothing has to be reloaded.
    ca.write_bytes(authority("theirs").read_bytes())
    server.wait_generation(2)
    assert code(client, "bob") == DENIED
    server.wait_event("list_fetched_again")


def test_a_secret_header(sluice, secure, authority, tmp_path):
    secret = tmp_path / "header"
    secret.write_text("X-Api-Key: first-s3cret\n")
    config = secure.config(certified_by(authority("ours"))
                           + f'header_file = "{secret}";')
    server = sluice(config.replace('"4s"', '"10m"'))
    assert code(server.client(), "ann") == DENIED
    assert secure.header == "first-s3cret"
    secret.write_text("X-Api-Key: second-s3cret\n")
    until(lambda: secure.header == "second-s3cret")
    # Nobody else is told, and what is no header is not sent.
    secure.status, secure.location = 302, "https://127.0.0.1:1/"
    server.wait_event("list_not_fetched")
    assert "HTTP status 302" in server.events("list_not_fetched")[0]
    secure.status, secure.location = 200, None
    server.wait_event("list_fetched_again")
    secret.write_text("third-s3cret\n")
    server.wait_event("list_not_fetched", 2)
    assert "cannot use `header_file`" in server.events("list_not_fetched")[1]
    assert code(server.client(), "ann") == DENIED
    assert "s3cret" not in server.log()
    assert "s3cret" not in str(server.status())
