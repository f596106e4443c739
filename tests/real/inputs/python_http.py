"""JSON from a server of the standard library: in a child, or in a thread if so asked."""

import http.server
import json
import os
import signal
import sys
import threading
import urllib.error
import urllib.request


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/missing":
            self.send_error(404)
            return
        self.answer({"path": self.path, "numbers": list(range(50))})

    def do_POST(self) -> None:
        self.answer({"sum": sum(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))})

    def answer(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        pass


def ask(url: str) -> None:
    for n in range(20):
        with urllib.request.urlopen(f"{url}/{n}") as answer:
            print(json.load(answer)["path"])
    request = urllib.request.Request(url, json.dumps([1, 2, 3]).encode())
    with urllib.request.urlopen(request) as answer:
        print(json.load(answer))
    try:
        urllib.request.urlopen(f"{url}/missing")
    except urllib.error.HTTPError as error:
        print(error)


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
url = f"http://127.0.0.1:{server.server_port}"
if "thread" in sys.argv:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    ask(url)
    server.shutdown()
    thread.join()
    server.server_close()
else:
    child = os.fork()
    if child == 0:
        server.serve_forever()
    ask(url)
    os.kill(child, signal.SIGTERM)
    print(os.waitpid(child, 0)[1])
