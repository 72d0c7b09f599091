#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A case from the interface to a file that proves itself offline, through the program alone.

A case gets evidence over HTTP and is exported there and by the command; the ZIP is verified without
a data directory, with the key, and against the journal. Then bytes of the ZIP are changed as anybody
could do with Python's zipfile. A lost file of evidence is named by doctor and stops the export.
"""
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

from driver import Client, Server, run, run_json, simulate, token_of

TEXT = "Ich sah ihn um 14:02 an Kasse 3.\n".encode()


def make_case(client):
    status, page = client.json("GET", "/v1/alerts?limit=2")
    assert status == 200 and page["total"] >= 2, page
    status, case = client.json("POST", "/v1/cases", {
        "title": "Rückgaben ohne Beleg", "alerts": [item["alert_id"] for item in page["items"]],
        "subjects": [{"kind": "EMPLOYEE", "id": "E00001"}]})
    assert status == 201, case
    path = "/v1/cases/" + case["case_id"]
    status, added = client.json("POST", path + "/attachments?name=Aussage%20M%C3%BCller.txt&note=signed", TEXT,
                                "application/octet-stream")
    assert status == 201 and added["name"] == "Aussage Müller.txt", added
    for action in ({"action": "note", "text": "The manager confirms."},
                   {"action": "money", "kind": "recovered", "amount": "120.50"}):
        status, reply = client.json("POST", path + "/actions", action)
        assert status == 200, reply
    return case["case_id"], added["sha256"]


def download(client, case_id, form):
    status, data = client.call("GET", f"/v1/cases/{case_id}/export?form={form}")
    assert status == 200, data
    return data


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)
    return path


def verify(path, *options, ok=True):
    # No data directory is near.
    done = run("cases", "verify", path, *options, data="/nonexistent", ok=False)
    assert (done.returncode == 0) == ok, (done.returncode, done.stdout, done.stderr)
    return done.stdout if ok else done.stderr


def changed(data, change):
    """The ZIP with its files as change(name, bytes) gives them; None leaves one out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return out.getvalue()


def check_tampering(data, folder):
    path = os.path.join(folder, "changed.zip")
    cases = [
        (lambda name, b: b.replace(b"Beleg", b"Bel3g") if name == "case.json" else b, "case.json is not what"),
        (lambda name, b: None if name.startswith("attachments/") else b, "is missing"),
        (lambda name, b: b.replace(b'"anna"', b'"bert"').replace(b'"exporter":"', b'"exporter":"x')
         if name == "manifest.json" else b, "signature does not hold"),
        (lambda name, b: b"\n".join(b.splitlines()[1:]) + b"\n" if name == "timeline.ndjson" else b,
         "timeline.ndjson is not what"),
    ]
    for change, sentence in cases:
        said = verify(write(path, changed(data, change)), ok=False)
        assert sentence in said, said
    with zipfile.ZipFile(write(path, data), "a") as file:
        file.writestr("attachments/99-more.txt", "more")
    assert "was added" in verify(path, ok=False)
    assert "cannot be read" in verify(write(path, data[: len(data) // 2]), ok=False)
    write(path, data[:-1] + bytes([data[-1] ^ 1]))
    run("cases", "verify", path, ok=False)  # a comment of the ZIP may differ; it must not crash


def check_content(data, case_id):
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        names = file.namelist()
        assert file.testzip() is None
        assert file.read("attachments/01-Aussage Müller.txt") == TEXT, names
        case = json.loads(file.read("case.json"))
        entries = [json.loads(line) for line in file.read("timeline.ndjson").splitlines()]
        manifest = json.loads(file.read("manifest.json"))
    assert case["case_id"] == case_id and case["recovered_minor"] == 12050
    kinds = [entry["kind"] for entry in entries]
    assert kinds[0] == "case.open" and kinds[-1] == "case.export", kinds
    assert manifest["entries"] == len(entries) and manifest["journal"]["seq"] >= entries[-1]["seq"]
    assert len(manifest["files"]) == len(names) - 2


def check_pdf(data):
    assert data.startswith(b"%PDF-") and data.rstrip().endswith(b"%%EOF")
    if not shutil.which("pdftotext"):
        return
    text = subprocess.run(["pdftotext", "-layout", "-", "-"], input=data, capture_output=True, check=True).stdout.decode()
    for part in ("Rückgaben ohne Beleg", "Aussage Müller.txt", "120.50 USD", "case.export", "Page 1 of"):
        assert part in text, part


def check_served(data, folder):
    server = Server(data).start(new_link=True)
    client = Client(server.address, token_of(server))
    case_id, sha256 = make_case(client)
    check_pdf(download(client, case_id, "pdf"))
    export = download(client, case_id, "zip")
    check_content(export, case_id)
    path = write(os.path.join(folder, "case.zip"), export)
    key = run("cases", "key", data=data).stdout.strip()
    assert re.fullmatch("[0-9a-f]{64}", key), key
    assert "It holds" in verify(path)
    assert "It holds." in verify(path, "--key", key)
    assert "another key" in verify(path, "--key", "0" * 64, ok=False)
    assert "are in the journal" in verify(path, "--data", data)
    proof = json.loads(verify(path, "--json"))
    assert proof["ok"] and proof["chained"] == proof["entries"], proof
    check_tampering(export, folder)
    listed = run_json("cases", "list", data=data)
    assert [case["case_id"] for case in listed] == [case_id]
    assert "case.attach" in run("cases", "show", case_id, data=data).stdout
    # The directory is the server's: the command says what to do instead of waiting.
    busy = run("cases", "export", case_id, "--out", os.path.join(folder, "busy.zip"), data=data, ok=False)
    assert busy.returncode == 1 and not os.path.exists(os.path.join(folder, "busy.zip"))
    client.close()
    server.stop()
    return case_id, sha256


def check_commands(data, folder, case_id, sha256):
    path = os.path.join(folder, "by-command.zip")
    run("cases", "export", case_id, "--out", path, "--by", "anna", data=data)
    assert "exported by anna" in verify(path)
    assert run("cases", "export", case_id, "--out", path, data=data, ok=False).returncode == 1, "it exists"
    assert run("cases", "export", "C-none", "--out", path + "2", data=data, ok=False).returncode == 1
    assert run("cases", "list", "--state", "CLOSED", data=data).stdout == ""
    for wrong in (["list", "x"], ["export", case_id], ["verify"], ["print"], ["export", case_id, "--out", "x", "--form", "doc"],
                  ["verify", path, "--key", "xyz"]):
        assert run("cases", *wrong, data=data, ok=False).returncode == 2, wrong
    checks = {check["check"]: check for check in run_json("doctor", data=data)["checks"]}
    assert checks["evidence"]["ok"], checks
    file = os.path.join(data, "evidence", sha256[:2], sha256)
    os.rename(file, file + ".moved")
    done = run("doctor", data=data, ok=False)
    assert done.returncode == 1 and sha256 in done.stdout and case_id in done.stdout, done.stdout
    lost = run("cases", "export", case_id, "--out", path + "3", data=data, ok=False)
    assert lost.returncode == 1 and "is missing" in lost.stderr, lost.stderr
    os.rename(file + ".moved", file)


def main():
    with tempfile.TemporaryDirectory() as folder:
        data, chain = os.path.join(folder, "data"), os.path.join(folder, "chain")
        simulate(chain, 6, 21, 5)
        run("init", data=data)
        run("import", os.path.join(chain, "transactions.ndjson"), data=data)
        case_id, sha256 = check_served(data, folder)
        check_commands(data, folder, case_id, sha256)
        print("ok")


if __name__ == "__main__":
    sys.exit(main())
