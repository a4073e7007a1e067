#!/usr/bin/env python3
"""faulty_registry.py <port file> <registry port> <log>: a registry that fails as its images' names ask.

Stands before a real registry on 127.0.0.1 and passes requests on, counting them in the log. A request
below a repository is answered otherwise when a part of its name is

  401 403 404 429 500 503   that status, every time
  once-429 once-500         that status for the first request of each path, then the real answer
  garbage                   manifests are no JSON
  corrupt                   one byte of every blob is changed
  cut                       every blob ends half-way
  slow                      every blob takes a second
"""
import http.client
import http.server
import re
import sys
import time

seen = set()
log_file = open(sys.argv[3], "a", buffering=1)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body, headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def fail(self, status):
        code = {401: "UNAUTHORIZED", 403: "DENIED", 404: "NAME_UNKNOWN", 429: "TOOMANYREQUESTS"}
        body = b""
        headers = [("Content-Type", "application/json")]
        if status in code:
            body = ('{"errors":[{"code":"%s","message":"as asked"}]}' % code[status]).encode()
        if status == 429:
            headers.append(("Retry-After", "0"))
        self.answer(status, body, headers)

    def do_GET(self):
        print(self.command, self.path, file=log_file)
        parts = self.path.split("/")
        fault = next((p for p in parts if re.fullmatch(
            r"(once-)?\d{3}|garbage|corrupt|cut|slow", p)), "")
        if fault.startswith("once-") and self.path not in seen:
            seen.add(self.path)
            return self.fail(int(fault[5:]))
        if fault.isdigit():
            return self.fail(int(fault))
        path = self.path.replace("/" + fault + "/", "/", 1) if fault else self.path
        upstream = http.client.HTTPConnection("127.0.0.1", int(sys.argv[2]))
        upstream.request(self.command, path, headers={
            name: ", ".join(self.headers.get_all(name)) for name in self.headers if name.lower() != "host"})
        response = upstream.getresponse()
        body = response.read()
        headers = [(name, value) for name, value in response.getheaders()
                   if name.lower() not in ("connection", "transfer-encoding", "date", "server")]
        if fault == "garbage" and "/manifests/" in path:
            body = b"<html>Welcome to the hotel</html>"
            headers = [("Content-Type", "text/html")]
        if "/blobs/" in path and self.command == "GET" and body:
            if fault == "corrupt":
                body = bytes([body[0] ^ 1]) + body[1:]
            elif fault == "cut":
                body = body[: len(body) // 2]
                self.close_connection = True
            elif fault == "slow":
                time.sleep(1)
        self.answer(response.status, body, headers)

    do_HEAD = do_GET


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(sys.argv[1], "w") as port_file:
    port_file.write(str(server.server_address[1]))
server.serve_forever()
