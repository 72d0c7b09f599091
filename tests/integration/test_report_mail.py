#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manager's report by mail, to a real SMTP server with STARTTLS and a sign-in.

Sent on demand and by the schedule; a server that refuses is an alarm until a later attempt goes
through; what was sent and what failed is in the log. Skipped without aiosmtpd or openssl.
"""
import email
import email.policy
import os
import queue
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time

try:
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult
except ImportError:
    print("skipped: aiosmtpd is not installed (scripts/deps.sh test)")
    sys.exit(77)

from driver import Client, Server, run, simulate, token_of

PASSWORD = "s3cret word"
WAIT_S = 60


class Mailbox:
    """Keeps what comes in; refuses while `refusal` is set."""

    def __init__(self):
        self.mails = queue.Queue()
        self.refusal = None

    async def handle_DATA(self, server, session, envelope):
        if self.refusal:
            return self.refusal
        self.mails.put((session, envelope))
        return "250 taken"


def sign_in(server, session, envelope, mechanism, data):
    return AuthResult(success=data.login == b"tillwatch" and data.password == PASSWORD.encode())


def certificate(folder):
    """A certificate for 127.0.0.1, its own authority."""
    cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert,
                    "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
                   check=True, capture_output=True)
    return cert, key


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def start_smtp(mailbox, cert, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    port = free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True,
                            auth_required=True, authenticator=sign_in)
    controller.start()
    return controller, port


def configure(data, folder, port, password=PASSWORD):
    with open(os.path.join(data, "keys", "mail.password"), "w", encoding="utf-8") as file:
        file.write(password + "\n")
    with open(os.path.join(data, "tillwatch.yaml"), "a", encoding="utf-8") as file:
        file.write(f'\nmail: {{url: "smtp://127.0.0.1:{port}", from: lp@example.com, user: tillwatch,\n'
                   f'       password_file: keys/mail.password, ca_file: "{folder}/cert.pem"}}\n')


def until(what, ready):
    """Asks again until ready() gives something."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        found = ready()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(what)


def schedule(client):
    status, reply = client.json("GET", "/v1/metrics/report/schedule")
    assert status == 200, reply
    return reply


def check_mail(mailbox, recipients):
    session, envelope = mailbox.mails.get(timeout=WAIT_S)
    assert session.ssl, "not encrypted"
    assert envelope.mail_from == "lp@example.com" and sorted(envelope.rcpt_tos) == sorted(recipients)
    mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert mail["Subject"].startswith("Loss prevention report, 2"), mail["Subject"]
    assert mail["From"].addresses[0].addr_spec == "lp@example.com" and mail["Date"] and mail["Message-ID"]
    assert not any(recipient in str(mail["To"]) for recipient in recipients), "recipients see each other"
    text, pdf = mail.iter_parts() if not mail.get_body() else (mail.get_body(), next(mail.iter_attachments()))
    assert "attached" in text.get_content()
    assert pdf.get_content_type() == "application/pdf" and pdf.get_filename().endswith(".pdf")
    assert pdf.get_content().startswith(b"%PDF-")


def check_on_demand(client, mailbox):
    assert schedule(client)["is_configured"]
    assert client.json("POST", "/v1/metrics/report/send", {})[0] == 409, "nobody is named"
    assert client.json("POST", "/v1/metrics/report/send", {"to": ["a@b\r\nBcc: x@y"]})[0] == 422
    status, reply = client.json("POST", "/v1/metrics/report/send", {"to": ["ops@example.com", "eva@example.com"]})
    assert status == 202 and reply["is_sending"], reply
    check_mail(mailbox, ["ops@example.com", "eva@example.com"])
    until("sending does not end", lambda: not schedule(client)["is_sending"])
    state = schedule(client)
    assert state["last_sent_at"] and not state["is_alarm"] and state["last_error"] is None, state


def check_alarm(client, mailbox):
    mailbox.refusal = "554 no thank you"
    assert client.json("POST", "/v1/metrics/report/send", {"to": ["ops@example.com"]})[0] == 202
    state = until("no alarm", lambda: schedule(client) if schedule(client)["is_alarm"] else None)
    assert "554" in state["last_error"] and state["last_failed_at"], state
    assert PASSWORD not in state["last_error"]
    status, metrics = client.call("GET", "/metrics")
    assert status == 200 and b"tillwatch_report_failed 1\n" in metrics
    mailbox.refusal = None
    until("sending does not end", lambda: not schedule(client)["is_sending"])
    assert client.json("POST", "/v1/metrics/report/send", {"to": ["ops@example.com"]})[0] == 202
    check_mail(mailbox, ["ops@example.com"])
    until("the alarm stays", lambda: not schedule(client)["is_alarm"])


def check_schedule(client):
    status, settings = client.json("PATCH", "/v1/settings", {"report_to": "board@example.com", "report_weekday": 0,
                                                             "report_hour": 6})
    assert status == 200, settings
    state = schedule(client)
    assert state["to"] == ["board@example.com"] and state["weekday"] == 0 and state["hour"] == 6, state


def log_kinds(client):
    status, page = client.json("GET", "/v1/audit?kind=report.")
    assert status == 200, page
    return [item["kind"] for item in page["items"]]


def main():
    if not shutil.which("openssl"):
        print("skipped: openssl is not installed")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        data, chain = os.path.join(folder, "data"), os.path.join(folder, "chain")
        mailbox = Mailbox()
        controller, port = start_smtp(mailbox, *certificate(folder))
        try:
            simulate(chain, 4, 14, 3)
            run("init", data=data)
            run("import", os.path.join(chain, "transactions.ndjson"), data=data)
            configure(data, folder, port)
            server = Server(data).start(new_link=True)
            client = Client(server.address, token_of(server))
            check_on_demand(client, mailbox)
            check_alarm(client, mailbox)
            check_schedule(client)
            assert log_kinds(client) == ["report.send", "report.fail", "report.send"], log_kinds(client)
            client.close()
            server.stop()
        finally:
            controller.stop()
        # A wrong password is a failure with the server's words.
        controller, port = start_smtp(mailbox, os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem"))
        try:
            with open(os.path.join(data, "tillwatch.yaml"), encoding="utf-8") as file:
                text = file.read()
            with open(os.path.join(data, "tillwatch.yaml"), "w", encoding="utf-8") as file:
                file.write(text[:text.index("\nmail:")])
            configure(data, folder, port, "wrong")
            server = Server(data).start(new_link=True)
            client = Client(server.address, token_of(server))
            assert schedule(client)["last_sent_at"], "what was sent is remembered"
            assert client.json("POST", "/v1/metrics/report/send", {"to": ["ops@example.com"]})[0] == 202
            state = until("no alarm", lambda: schedule(client) if schedule(client)["is_alarm"] else None)
            assert "wrong" not in state["last_error"], state
            client.close()
            server.stop()
        finally:
            controller.stop()
    print("ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
