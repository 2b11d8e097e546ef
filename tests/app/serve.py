"""A client of `vit2cmh serve`: compares its answers with `vit2cmh search`, then sends what no good client would.

usage: serve.py VIT2CMH CLIPART PORT PID REQUESTS, in the folder of serve.sh"""
import glob, http.client, json, random, re, socket, subprocess, sys, tarfile, threading

app, clipart, port, pid, requests = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
draw = random.Random(11)


def request(method, path, body=None, headers=None):
    """Status, headers and body; None where the server closed the connection without an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
    except (ConnectionError, http.client.HTTPException, BrokenPipeError):
        return None
    finally:
        connection.close()


def ask(value, path="/search"):
    return request("POST", path, json.dumps(value), {"Content-Type": "application/json"})


def raw(data, wait=10):
    """What comes back to these bytes until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as connection:
        answer = b""
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                answer += part
        except (ConnectionError, BrokenPipeError):
            pass
        return answer


def pictures():
    """Pictures of the test split by their names, and their captions."""
    files, captions = {}, {}
    for shard in sorted(glob.glob(clipart + "/*.tar")):
        with tarfile.open(shard) as tar:
            for member in tar:
                stem = member.name.rsplit(".", 1)[0]
                content = tar.extractfile(member).read()
                if member.name.endswith(".json"):
                    about = json.loads(content)
                    if about["split"] == "test":
                        captions[stem] = about["captions"][0]
                else:
                    files[stem] = content
    return {stem: (files[stem], caption) for stem, caption in captions.items()}


def searched(*how):
    subprocess.run([app, "search", "--checkpoint", "run", "--json", "hits.json", *how], check=True, stdout=subprocess.DEVNULL)
    return [(h["id"], h["distance"]) for h in json.load(open("hits.json"))["results"][0]["hits"]]


def memory():
    return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{pid}/status").read()).group(1)) / 1024


known = pictures()
some = draw.sample(sorted(known), 6)

# The page
pages = [request("GET", "/") for _ in range(2)]
nonces = []
for status, headers, body in pages:
    assert status == 200 and headers["content-type"].startswith("text/html"), (status, headers)
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and headers["x-content-type-options"] == "nosniff", headers
    nonces.append(re.search(r"script-src 'nonce-([0-9a-f]{32})'", policy).group(1))
    assert body.count(b'nonce="' + nonces[-1].encode() + b'"') == 2 and b"100 pictures" in body
assert nonces[0] != nonces[1], "the same nonce twice"
assert request("HEAD", "/")[2] == b""

# Answers
for stem in some:
    file, caption = known[stem]
    answer = json.loads(ask({"text": caption, "k": 7})[2])
    assert answer["finds"] == "images" and answer["bits"] == 32 and answer["seconds"] >= 0, answer
    assert [h["rank"] for h in answer["hits"]] == list(range(1, 8))
    assert [(h["id"], h["distance"]) for h in answer["hits"]] == searched("--index", "images.index", "--text", caption, "-k", "7", "--rerank", "asymmetric")
    assert all(len(h["captions"]) == 1 for h in answer["hits"])

    open("query.jpg", "wb").write(file)
    kind = "image/jpeg" if file.startswith(b"\xff\xd8") else "image/png"
    answer = json.loads(request("POST", "/search?k=5", file, {"Content-Type": kind})[2])
    assert answer["finds"] == "captions" and len(answer["hits"]) == 5, answer
    assert [h["distance"] for h in answer["hits"]] == [d for _, d in searched("--index", "captions.npy", "--image", "query.jpg", "-k", "5", "--rerank", "asymmetric")]
    assert all(isinstance(h["caption"], str) and isinstance(h["id"], int) for h in answer["hits"])

    # the picture itself is the nearest to itself among images: its id finds the captions that its file finds
    found = json.loads(ask({"text": caption, "k": 100})[2])["hits"]
    mine = [h["id"] for h in found if h["captions"] == [caption]]
    if len(mine) == 1:
        by_id = json.loads(ask({"id": mine[0], "k": 5})[2])
        assert by_id["hits"] == answer["hits"], stem
        status, headers, body = request("GET", f"/image/{mine[0]}")
        assert status == 200 and headers["content-type"] in ("image/jpeg", "image/png") and body[:2] in (b"\xff\xd8", b"\x89P")
assert len(json.loads(ask({"text": "a frog"})[2])["hits"]) == 10

# Many at a time
expected = {text: json.loads(ask({"text": text, "k": 3})[2])["hits"] for text in ("a dog", "a red car", "food")}
wrong = []
def repeat(text):
    for _ in range(8):
        answer = ask({"text": text, "k": 3})
        if answer is None or json.loads(answer[2])["hits"] != expected[text]:
            wrong.append(text)
threads = [threading.Thread(target=repeat, args=(text,)) for text in list(expected) * 3]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert not wrong, wrong

# What no good client sends: each is (what, how), and gets 4xx, or no answer where it cannot be read as a request
json_type = {"Content-Type": "application/json"}
photograph = next(file for file, _ in known.values() if file.startswith(b"\xff\xd8"))
def damaged():
    data = bytearray(photograph)
    for _ in range(draw.randint(1, 30)):
        data[draw.randrange(4, len(data))] = draw.randrange(256)
    return bytes(data[:draw.randrange(2, len(data))])
hostile = [
    lambda: request(draw.choice(["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND"]), "/"),
    lambda: request("GET", draw.choice(["/../../etc/passwd", "/image/../../../etc/passwd", "/image/%2e%2e%2fetc%2fpasswd", "/..%5c..%5c", "//etc/passwd", "/image/1/../../x", "/%00", "/search", "/index.html", "/image/", "/image/-1", "/image/1e3", "/image/99999999999999999999", "/image/1%00", "/image/0x10", "/." * 50])),
    lambda: request("GET", "/image/" + "9" * draw.choice([20, 300, 7000, 20000])),
    lambda: request("GET", "/", headers={"Host": draw.choice(["example.com", "127.0.0.1.example.com", "localhost.evil", ""])}),
    lambda: request("GET", "/", headers={"Range": draw.choice(["bytes=0-", "bytes=" + "0-1," * 1000 + "0-1", "x"])}),
    lambda: request("GET", "/", b"a body", {"Content-Length": "6"}),
    lambda: request("GET", "/", headers={f"X-{i}": "y" * 100 for i in range(100)} | {"Host": "example.com"}),
    lambda: request("GET", "/", headers={"X": "y" * 100000}),
    lambda: request("POST", "/", "{}", json_type),
    lambda: request("POST", "/search", draw.choice(["", "{", "[]", "null", "1", '"a"', "{}", '{"text":1}', '{"text":""}', '{"text":" \\n"}', '{"text":null}', '{"text":["a"]}', '{"text":"a","id":1}', '{"id":"1"}', '{"id":1.5}', '{"id":-1}', '{"id":1e99}', '{"text":"a","k":0}', '{"text":"a","k":101}', '{"text":"a","k":"3"}', '{"text":"a","k":1e9}', '{"text":"a","k":NaN}', '{"text":"a","text":"b"}', '{"text":"a"} x', '{"text":"\\ud800"}', "[" * 5000, '{"a":' * 500, '{"text":"' + "a" * 70000 + '"}']), json_type),
    lambda: request("POST", "/search", b'{"text":"\xff\xfe"}', json_type),
    lambda: request("POST", "/search", b'{"text":"a\0b"}', json_type),
    lambda: request("POST", "/search", '{"text":"a"}', {"Content-Type": draw.choice(["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "image/gif", ""])}),
    lambda: request("POST", "/search", b"\x1f\x8b" + bytes(200), json_type | {"Content-Encoding": draw.choice(["gzip", "br", "deflate"])}),
    lambda: request("POST", "/search", iter([b'{"text":', b'"a"}']), json_type),
    send_damaged := lambda: request("POST", "/search", damaged(), {"Content-Type": "image/jpeg"}),
    lambda: request("POST", "/search?k=" + draw.choice(["0", "101", "x", "", "1e2", "-1", "9" * 30]), photograph, {"Content-Type": "image/jpeg"}),
    lambda: request("POST", "/search", bytes(draw.randrange(256) for _ in range(draw.randrange(1, 400))), {"Content-Type": "image/png"}),
    lambda: raw(bytes(draw.randrange(256) for _ in range(draw.randrange(1, 2000)))),
    lambda: raw(b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n"),
    lambda: raw(b"GET /\r\n\r\n"),
    lambda: raw(b"POST /search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: -5\r\n\r\n{}"),
    lambda: raw(b"POST /search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99999999999999999999\r\n\r\n{}"),
    lambda: raw(b"POST /search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"text\""),
    lambda: raw(b"POST /search HTTP/1.1\r\nHost: localhost\r\nno colon here\r\n\r\n"),
    lambda: raw(b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 30\r\n\r\nGET /image/1 HTTP/1.1\r\n\r\n"),
]
damages = hostile.index(send_damaged)
before = memory()
for number in range(requests):
    place = number % len(hostile)
    answer = hostile[place]()
    if isinstance(answer, bytes):
        said = re.match(rb"HTTP/1\.[01] (\d+)", answer)
        status = int(said.group(1)) if said else None
        assert answer.count(b"HTTP/1.") <= 1, "two answers to one request"
    else:
        status = answer and answer[0]
        if answer and answer[1].get("content-type") == "application/json":
            text = answer[2].decode()
            assert text == "" or "error" in json.loads(text) or status == 200, text
            assert "/tmp" not in text and clipart not in text, text
    # a few changes leave a JPEG whole
    fine = status is None or 400 <= status < 500 or (status == 200 and place == damages)
    assert fine, (number, place, status, answer)

# More than it takes, and more than it says
for size in (10 * 2**20 + 1, 64 * 2**20):
    answer = request("POST", "/search", bytes(size), {"Content-Type": "image/png"})
    assert answer is None or answer[0] == 413, answer[0]
assert request("POST", "/search", bytes(10 * 2**20), {"Content-Type": "image/png"})[0] == 400

# Clients that say nothing: others are answered meanwhile, and they are hung up on
slow = [socket.create_connection(("127.0.0.1", port), timeout=40) for _ in range(8)]
for i, connection in enumerate(slow):
    connection.sendall(b"POST /search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n"[: 5 + 7 * i])
assert json.loads(ask({"text": "a dog", "k": 3})[2])["hits"] == expected["a dog"]
for connection in slow:
    while connection.recv(65536):
        pass
    connection.close()

assert json.loads(ask({"text": "a red car", "k": 3})[2])["hits"] == expected["a red car"]
grown = memory() - before
assert grown < 50, f"{grown} MiB more than before"
print(f"{requests} hostile requests; {grown:.1f} MiB more than before")
