"""A session with PostgreSQL, in Python's standard library alone.

Statements are sent without waiting for their outcome, so that several sessions can
be busy at a time; of an outcome all is kept that an error says, and the rows are
only counted.
"""

import os
import select
import socket
import struct
import time


class ConnectionLost(Exception):
    """The server closed the connection."""


class Outcome:
    """What came of a statement: the fields of errors and notices, by their letters
    in the protocol (C: SQLSTATE, M: message, R: routine, F: file, W: context)."""

    def __init__(self):
        self.errors = []
        self.notices = []
        self.rows = 0
        self.values = []
        self.lost = False

    @property
    def sqlstate(self):
        return self.errors[-1].get("C", "") if self.errors else "00000"


class Session:
    def __init__(self, database, user, keep_rows=False):
        folder = os.environ["PGHOST"]
        port = os.environ.get("PGPORT", "5432")
        self.address = f"{folder}/.s.PGSQL.{port}"
        self.keep_rows = keep_rows
        self.buffer = b""
        self.busy = None
        self.status = "I"
        self.pid = self.key = 0
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(self.address)
        settings = {"user": user, "database": database, "application_name": "calls", "client_encoding": "UTF8"}
        body = b"".join(k.encode() + b"\0" + v.encode() + b"\0" for k, v in settings.items()) + b"\0"
        self.socket.sendall(struct.pack("!ii", len(body) + 8, 196608) + body)
        self.busy = Outcome()
        outcome = self.wait(60)
        if outcome.errors or outcome.lost:
            raise ConnectionLost(outcome.errors)

    def close(self):
        self.socket.close()

    def send(self, sql, portal_rows=None):
        """Begin a statement; with portal_rows by the extended protocol, so many rows
        at first, as many once more, and then the portal is closed."""
        text = sql.encode("utf-8", "surrogatepass") + b"\0"
        if portal_rows is None:
            messages = self._message(b"Q", text)
        else:
            execute = self._message(b"E", b"\0" + struct.pack("!i", portal_rows))
            messages = (
                self._message(b"P", b"\0" + text + b"\0\0")
                + self._message(b"B", b"\0\0\0\0\0\0\0\0")
                + self._message(b"D", b"P\0")
                + execute * 2
                + self._message(b"C", b"P\0")
                + self._message(b"S", b"")
            )
        self.busy = Outcome()
        try:
            self.socket.sendall(messages)
        except OSError:
            self.busy.lost = True

    def cancel(self):
        with socket.socket(socket.AF_UNIX) as other:
            other.connect(self.address)
            other.sendall(struct.pack("!iiii", 16, 80877102, self.pid, self.key))
            other.recv(1)

    def wait(self, seconds):
        """The outcome of what was sent, or None if it takes longer."""
        outcome = self.busy
        end = time.monotonic() + seconds
        while not outcome.lost:
            kind, body = self._next(end - time.monotonic())
            if kind is None:
                return None
            if kind == b"Z":
                self.status = body.decode()
                break
            self._take(kind, body, outcome)
        self.busy = None
        return outcome

    def run(self, sql, seconds=120):
        self.send(sql)
        outcome = self.wait(seconds)
        if outcome is None or outcome.lost:
            raise ConnectionLost(sql)
        return outcome

    @staticmethod
    def _message(kind, body):
        return kind + struct.pack("!i", len(body) + 4) + body

    def _next(self, seconds):
        while True:
            if len(self.buffer) >= 5:
                length = struct.unpack("!i", self.buffer[1:5])[0] + 1
                if len(self.buffer) >= length:
                    kind, body = self.buffer[:1], self.buffer[5:length]
                    self.buffer = self.buffer[length:]
                    return kind, body
            if not select.select([self.socket], [], [], max(seconds, 0))[0]:
                return None, None
            try:
                data = self.socket.recv(1 << 20)
            except OSError:
                data = b""
            if not data:
                self.busy.lost = True
                return b"", b""
            self.buffer += data

    def _take(self, kind, body, outcome):
        if kind in (b"E", b"N"):
            fields = {}
            for field in body.split(b"\0"):
                if field:
                    fields[chr(field[0])] = field[1:].decode("utf-8", "replace")
            (outcome.errors if kind == b"E" else outcome.notices).append(fields)
        elif kind == b"K":
            self.pid, self.key = struct.unpack("!ii", body[:8])
        elif kind == b"D":
            outcome.rows += 1
            if self.keep_rows:
                outcome.values.append(self._row(body))
        elif kind == b"G":
            self.socket.sendall(self._message(b"f", b"no data\0"))

    @staticmethod
    def _row(body):
        row, place = [], 2
        for _ in range(struct.unpack("!h", body[:2])[0]):
            length = struct.unpack("!i", body[place:place + 4])[0]
            place += 4
            row.append(None if length < 0 else body[place:place + length].decode())
            place += max(length, 0)
        return row
