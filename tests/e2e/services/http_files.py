#!/usr/bin/env python3
"""http_files.py DIRECTORY: serves the files of a directory on a free port of this machine, which it
prints ("port N"). The first answer for each file breaks off in the middle; the next may begin there
(RFC 9110, 14), and is printed ("range PATH").
"""
import http.server
import os
import sys

directory = sys.argv[1]
seen = set()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = os.path.normpath(self.path.lstrip("/"))
        with open(os.path.join(directory, path), "rb") as file:
            data = file.read()
        wanted = self.headers.get("Range")
        begin = int(wanted.removeprefix("bytes=").split("-")[0]) if wanted else 0
        if begin:
            print("range", path)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(data) - begin))
        self.end_headers()
        end = len(data) if path in seen else begin + (len(data) - begin) // 2
        seen.add(path)
        self.wfile.write(data[begin:end])

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print("port", server.server_address[1])
server.serve_forever()
