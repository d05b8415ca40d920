"""The API of the page: what it takes, what it refuses, what it gives to other tools."""

import base64
import io
import json
import sys
import time
import zipfile
from urllib.parse import quote

import numpy as np
import polars as pl
import pytest
from fastapi.testclient import TestClient

import askwell
from askwell import AskwellError
from askwell.cli import main
from askwell.labelling.models import load_model
from askwell.labelling.web import serve
from askwell.labelling.web.app import create_app
from askwell.labelling.web.guard import Access
from askwell.labelling.web.opening import open_desk

HERE = "http://127.0.0.1"
HOSTILE = '<img src=x onerror="alert(1)">'


def client_of(tmp_path, frame, access=None, batch=5, hosts=(), **settings):
    frame.write_parquet(tmp_path / "pool.parquet")
    session = askwell.Session(tmp_path / "pool.parquet", strategy="margin", **settings)
    desk = open_desk(session, tmp_path / "pool.parquet", tmp_path / "l.sqlite", batch=batch, hosts=hosts)
    return TestClient(create_app(desk, access), base_url=HERE), desk


def frame(n=40):
    rng = np.random.default_rng(0)
    names = [f"row/{i}?&#%" for i in range(n)]
    return pl.DataFrame(
        {
            "id": names,
            "a": rng.normal(size=n),
            "b": rng.normal(size=n),
            "note": [HOSTILE] * (n // 2) + ["ok"] * (n // 2),
        }
    )


@pytest.fixture
def client(tmp_path):
    made, _ = client_of(tmp_path, frame())
    with made:
        yield made


def batch(client, name="anna"):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = client.get("/api/batch", params={"annotator": name}).json()
        if not found["choosing"]:
            return found
        time.sleep(0.02)
    raise AssertionError("no batch was chosen")


def put(client, id, **body):
    return client.put(f"/api/labels/{quote(id, safe='')}", json={"annotator": "anna", **body})


def test_a_batch_is_labelled_and_goes_out_again(client, tmp_path):
    found = batch(client)
    assert [item["rank"] for item in found["items"]] == [1, 2, 3, 4, 5]
    assert set(found["items"][0]["fields"]) == {"a", "b", "note"}
    ids = [item["id"] for item in found["items"]]
    for i, id in enumerate(ids[:4]):
        assert put(client, id, label=["x", HOSTILE][i % 2], seconds=2).json() == {"saved": id}
    assert put(client, ids[4], skip=True, how="unsure").status_code == 200
    status = client.get("/api/status").json()
    assert (status["labels"], status["counts"], status["skipped"]) == (4, {"x": 2, HOSTILE: 2}, {"unsure": 1})
    assert (status["seconds"], status["people"]) == (2.0, {"anna": 5})
    csv = pl.read_csv(client.get("/api/export?format=csv").content)
    assert csv["id"].to_list() == ids
    assert csv["label"].to_list()[:4] == ["x", HOSTILE] * 2
    parquet = pl.read_parquet(io.BytesIO(client.get("/api/export?format=parquet").content))
    lines = pl.read_ndjson(io.BytesIO(client.get("/api/export?format=jsonl").content))
    assert parquet["id"].to_list() == lines["id"].to_list() == ids
    prodigy = [json.loads(line) for line in client.get("/api/export?format=prodigy").text.splitlines()]
    assert [line["answer"] for line in prodigy] == ["accept"] * 4 + ["ignore"]
    assert client.get("/api/item").status_code == 404
    with zipfile.ZipFile(io.BytesIO(client.get("/api/download").content)) as files:
        assert set(files.namelist()) == {"predictions.csv", "answers.csv", "card.md", "model.skops"}
        files.extract("model.skops", tmp_path)
        predicted = pl.read_csv(files.read("predictions.csv"))
        assert "- data: 40 rows, of which" in files.read("card.md").decode()
    model = load_model(tmp_path / "model.skops")
    assert model.predict(tmp_path / "pool.parquet").tolist() == predicted["predicted"].to_list()


def test_an_answer_is_taken_back_and_asked_again(client):
    ids = [item["id"] for item in batch(client)["items"]]
    put(client, ids[0], label="x")
    url = f"/api/labels/{quote(ids[0], safe='')}"
    for _ in range(2):  # what is not there any more changes nothing
        assert client.delete(url, params={"annotator": "anna"}).json() == {"taken_back": ids[0]}
    assert client.get("/api/status").json()["labels"] == 0
    assert ids[0] in [item["id"] for item in batch(client)["items"]]


def test_what_is_wrong_is_said_and_changes_nothing(client):
    id = batch(client)["items"][0]["id"]
    wrong = [
        (put(client, "nowhere", label="x"), "not in the pool"),
        (put(client, id), "give one of the two"),
        (put(client, id, label="x", skip=True), "give one of the two"),
        (put(client, id, label="x", seconds=-1), "seconds: Input should be greater than or equal to 0"),
        (put(client, id, skip=True, how="perhaps"), "how: Input should be"),
        (put(client, id, label=7), "label: Input should be a valid string"),
        (put(client, id, label="x", annotator=""), "The name is ''"),
        (client.get("/api/batch"), "The name is ''"),
        (client.get("/api/export?format=xls"), "format 'xls'"),
        (client.get("/api/items/nowhere"), "not in the pool"),
        (client.get("/api/download"), "There is no model yet"),
        (client.get("/api/image", params={"id": id, "column": "note"}), "holds no pictures"),
        (client.post("/api/import", json={"id": 1}), "is no list of"),
        (client.post("/api/import", json=[{"id": "nowhere", "label": "x"}]), "not in the pool"),
        (client.post("/setup", json={"schema": "<View><Rectangle/></View>"}), "has no <Choices>"),
    ]
    for answer, sentence in wrong:
        assert answer.status_code == 422
        assert sentence in answer.json()["error"]
    assert client.get("/api/status").json()["labels"] == 0


def test_other_sites_hosts_and_large_requests_are_refused(client):
    for headers, status in (
        ({"Host": "evil.example"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": HERE}, 200),
        ({}, 200),
    ):
        assert client.get("/api/status", headers=headers).status_code == status, headers
    assert put(client, "x", label="y" * 70_000).status_code == 413
    policy = client.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert client.get("/static/../app.py").status_code == 404
    assert client.get("/static/%2e%2e/app.py").status_code == 404


def test_a_token_lets_people_in_and_may_fix_their_name(tmp_path):
    made, desk = client_of(tmp_path, frame(), Access({"s3cret": "", "annas": "anna"}))
    with made as client:
        assert client.get("/api/status").status_code == 401
        assert client.get("/api/status", headers={"Authorization": "Bearer wrong"}).status_code == 401
        basic = base64.b64encode(b"anybody:s3cret").decode()
        assert client.get("/health", headers={"Authorization": f"Basic {basic}"}).json()["status"] == "UP"
        assert client.get("/health", headers={"Authorization": "Basic =="}).status_code == 401
        seen = client.get("/?token=annas", follow_redirects=False)
        assert (seen.status_code, seen.headers["location"]) == (303, "/")
        assert "HttpOnly" in seen.headers["set-cookie"]
        assert client.get("/api/me").json()["annotator"] == "anna"
        id = batch(client, "somebody else")["items"][0]["id"]
        put(client, id, label="x", annotator="somebody else")
        assert list(desk.project.votes.rows[id]) == ["anna"]


def test_labels_come_in_as_tables_lists_and_from_label_studio(client):
    ids = frame()["id"].to_list()
    table = pl.DataFrame({"id": ids[:2], "label": ["x", "y"]}).write_csv()
    assert client.post("/api/import", content=table, headers={"Content-Type": "text/csv"}).json() == {
        "imported": 2
    }
    assert client.post("/api/import", json=[{"id": ids[2], "label": "x"}]).json() == {"imported": 1}
    again = client.get("/api/export?format=label-studio").json()
    assert again[0]["data"]["note"] == HOSTILE
    assert client.post("/api/import", json=again).json() == {"imported": 0}
    annotation = {"result": [{"value": {"choices": ["y"]}}], "completed_by": 7}
    other = [{"data": {"id": ids[3]}, "annotations": [annotation]}]
    assert client.post("/api/import", json=other).json() == {"imported": 1}
    assert client.get("/api/answers?search=label-studio").json()[0]["annotator"] == "label-studio 7"


def test_label_studio_gets_suggestions_in_our_order(client):
    assert client.get("/health").json() == {"status": "UP", "model_class": "askwell"}
    config = '<View><Text name="t" value="$note"/><Choices toName="t" name="kind"><Choice value="x"/></Choices></View>'
    ids = frame()["id"].to_list()
    for i, id in enumerate(ids[:6]):
        task = {"id": i, "data": {"id": id}}
        note = {"result": [{"value": {"choices": ["xy"[i % 2]]}}], "completed_by": 1, "lead_time": 3.5}
        payload = {"action": "ANNOTATION_CREATED", "task": task, "annotation": note}
        assert client.post("/webhook", json=payload).json() == {"status": "ok", "new": 1}
    assert client.post("/webhook", json=payload).json() == {"status": "ok", "new": 0}
    assert client.post("/webhook", json={"action": "PROJECT_UPDATED"}).json() == {"status": "ignored"}
    assert client.post("/train", json={"annotations": []}).json() == {"status": "ok", "new": 0}
    tasks = [{"id": i, "data": {"id": id}} for i, id in enumerate(ids)] + [
        {"id": 99, "data": {"id": "strange"}}
    ]
    for _ in range(600):
        results = client.post("/predict", json={"tasks": tasks, "label_config": config}).json()["results"]
        if all(one["result"] for one in results[:-1]) and any("rank" in one for one in results):
            break
        time.sleep(0.05)
    assert len(results) == len(tasks)
    assert results[-1]["result"] == []
    first = results[0]["result"][0]
    assert (first["from_name"], first["to_name"], first["type"]) == ("kind", "t", "choices")
    assert first["value"]["choices"][0] in ("x", "y")
    ranked = sorted((one for one in results if "rank" in one), key=lambda one: one["rank"])
    rest = [one["score"] for one in results if "rank" not in one]
    scores = [one["score"] for one in ranked]
    assert scores == sorted(scores)
    assert max(scores) < min(rest)


def test_pictures_come_from_the_pools_folder_alone(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.png").write_bytes(b"secret")
    (tmp_path / "in" / "a.png").write_bytes(b"picture")
    (tmp_path / "in" / "link.png").symlink_to(tmp_path / "secret.png")
    paths = [
        "a.png",
        "../secret.png",
        str(tmp_path / "secret.png"),
        "link.png",
        "none.png",
        "https://ok.example/b.png",
    ]
    table = frame(24).with_columns(picture=pl.Series([*paths, *["a.png"] * 18]))
    made, _ = client_of(tmp_path / "in", table, hosts=("ok.example",))
    with made as client:
        ids = table["id"].to_list()
        seen = [client.get("/api/image", params={"id": id, "column": "picture"}) for id in ids[:5]]
        assert [one.status_code for one in seen] == [200, 422, 422, 422, 422]
        assert seen[0].content == b"picture"
        assert all("outside the pool's folder" in one.json()["error"] for one in seen[1:4])
        assert "https://ok.example" in client.get("/").headers["content-security-policy"]


def test_the_map_the_doubts_and_the_events(client):
    ids = frame()["id"].to_list()
    a = frame()["a"].to_list()
    for i, id in enumerate(ids[:30]):
        put(client, id, label="low" if (a[i] < 0) != (i == 0) else "high")
    points = client.get("/api/map").json()["points"]
    assert len(points) == 40
    assert sum("label" in point for point in points) == 30
    assert all(-1 <= point["x"] <= 1 and -1 <= point["y"] <= 1 for point in points)
    assert ids[0] in [doubt["id"] for doubt in client.get("/api/doubts").json()]
    assert client.get("/api/disputed").json() == []


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["--host", "0.0.0.0"], "give a --token"),
        (["--port", "99999"], "choose another --port"),
        (["--batch", "0"], "--batch is 0"),
        (["--show", "nothing"], "--show: "),
        (["--strategy", "oracle"], "looks at labels"),
    ],
)
def test_bad_options_of_the_command(given, sentence, tmp_path, monkeypatch, capsys):
    frame().write_parquet(tmp_path / "pool.parquet")
    monkeypatch.chdir(tmp_path)
    given = ["--port", "0", *given]
    monkeypatch.setattr(sys, "argv", ["askwell", "label", "pool.parquet", *given])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err


def test_a_port_that_is_taken_is_refused():
    taken = serve.bind("127.0.0.1", 0)
    taken.listen()
    with taken, pytest.raises(AskwellError, match="choose another --port"):
        serve.bind("127.0.0.1", taken.getsockname()[1])
