"""Raw files on object storage and web servers: read where they lie, never another than accepted."""

from __future__ import annotations

import re
import resource
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import fsspec
import numpy as np
import pandas as pd
import pytest

import raw_study
from at_a_cluster import answers, parquet
from betyg.build import plan
from betyg.data import clean, read, remote, remote_list, study_toml
from betyg.data.remote import is_remote
from betyg.data.secrets import refused
from betyg.data.study import Study
from betyg.data.sums import write_sums
from betyg.errors import DataError, Problems
from betyg.stats import cells
from web_server import Served, serving


@pytest.fixture
def web() -> Iterator[Served]:
    with serving() as served:
        yield served


@pytest.fixture
def storage(tmp_path: Path) -> str:
    """A folder of the storage that fsspec keeps in memory."""
    return f"memory://{tmp_path.name}"


def put(url: str, content: bytes) -> str:
    with fsspec.open(url, "wb") as opened:
        opened.write(content)
    return url


def cleaned(survey: Study) -> tuple[pd.DataFrame, pd.DataFrame]:
    found = clean.clean(read.sources(survey), survey)
    return found.respondents.drop(columns="source"), cells.collapse(found, survey)


def same(one: Study, other: Study) -> None:
    for mine, theirs in zip(cleaned(one), cleaned(other), strict=True):
        pd.testing.assert_frame_equal(mine, theirs)
        assert len(mine)


def remote_study(tmp_path: Path, url: str, more: str = "") -> Study:
    return raw_study.load(tmp_path, {}, source=raw_study.source(url, more))


def said(survey: Study) -> str:
    with pytest.raises(DataError) as caught:
        clean.clean(read.sources(survey), survey)
    return str(caught.value)


@pytest.mark.parametrize("suffix", [".sav", ".dta", ".xlsx", ".parquet"])
def test_each_format_is_read_from_storage_as_from_the_folder(
    suffix: str, tmp_path: Path, storage: str
) -> None:
    content = raw_study.written(tmp_path, suffix)
    url = put(f"{storage}/2025/answers{suffix}", content)
    here = raw_study.load(tmp_path / "here", {f"answers{suffix}": content})
    same(here, remote_study(tmp_path / "there", url))


def test_text_is_read_from_a_web_server_as_from_the_folder(tmp_path: Path, web: Served) -> None:
    web.files["a.csv"] = raw_study.FULL.encode("utf-16")
    more = 'encoding = "utf-16"'
    here = raw_study.load(
        tmp_path / "here",
        {"a.csv": web.files["a.csv"]},
        source=raw_study.source("a.csv", more),
    )
    there = remote_study(tmp_path / "there", web.url("a.csv"), more)
    same(here, there)
    web.has_parts = web.has_head = False
    same(here, there)


def test_of_a_parquet_file_only_what_is_used_is_fetched(
    tmp_path: Path, web: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "PIECE", 5000)
    frame = answers(20_000)
    rng = np.random.default_rng(1)
    unused = pd.DataFrame({f"essay{at}": rng.random(len(frame)) for at in range(10)})
    frame = pd.concat([frame, unused], axis="columns")
    web.files["a.parquet"] = parquet(frame, rows=5000)
    monkeypatch.setattr(remote, "BUFFER", 2**12)
    here = raw_study.load(tmp_path / "here", {"a.parquet": web.files["a.parquet"]})
    there = remote_study(tmp_path / "there", web.url("a.parquet?year=2025"))
    web.asked.clear()
    received = read.sources(there)
    assert received.pieces == (4,)
    clean.clean(received, there)
    fetched = sum(n for _, _, n in web.asked)
    assert fetched < len(web.files["a.parquet"]) / 2
    same(here, there)


def test_settings_reach_the_storage(tmp_path: Path) -> None:
    for year in (2011, 2010):
        folder = tmp_path / str(year)
        folder.mkdir()
        (folder / "a.csv").write_text(raw_study.FULL.replace("2011", str(year)))
        more = f'storage = {{ path = "{folder}", target_protocol = "file" }}'
        respondents, _ = cleaned(remote_study(folder, "dir://a.csv", more))
        np.testing.assert_array_equal(respondents["year"], [year, year, 2012])


def test_settings_that_a_storage_does_not_take_are_told_as_settings(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"does not take these settings.*Look at `storage` in its"):
        remote_study(tmp_path, "dir://a.csv", f'storage = {{ pth = "{tmp_path}" }}')
    with pytest.raises(DataError, match=r"dir:// does not take this address.*Correct the address"):
        remote_study(tmp_path, "dir://a.csv")


@pytest.mark.parametrize("kind", ["web", "file"])
def test_a_disk_without_room_for_a_copy_is_not_taken_for_the_network(
    kind: str, tmp_path: Path, web: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = raw_study.FULL * 1000
    web.files["a.csv"] = content.encode()
    (tmp_path / "a.csv").write_text(content)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    url = web.url("a.csv") if kind == "web" else f"file://{tmp_path}/a.csv"
    survey = remote_study(tmp_path, url)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(content) // 2, limits[1]))
    try:
        text = said(survey)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    told = (
        f"a.csv: finds no room in {tmp_path} for a copy of {len(content)} bytes (File too large)."
    )
    assert told in text and "set TMPDIR" in text and "online" not in text
    assert not list(tmp_path.glob("betyg-*"))


def test_a_file_that_several_sources_read_is_asked_for_once(tmp_path: Path, web: Served) -> None:
    web.files["a.csv"] = raw_study.FULL.encode()
    survey = remote_study(tmp_path, web.url("a.csv"))
    settings = study_toml.read(survey.folder, Problems())
    web.status["a.csv"] = 500
    web.asked.clear()
    problems = Problems()
    assert remote_list.versions(survey.folder, settings.remote * 2, problems) == {}
    assert web.asked == [("HEAD", "/a.csv", 0)]
    assert len(problems) == 1


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_file_that_changed_after_it_was_accepted_is_told(
    suffix: str, tmp_path: Path, web: Served
) -> None:
    name = f"a{suffix}"
    content = raw_study.FULL.encode() if suffix == ".csv" else raw_study.written(tmp_path, suffix)
    web.files[name] = content
    survey = remote_study(tmp_path, web.url(name))
    before, problems = remote_list.look(survey.folder)
    assert before.keys() == {web.url(name)} and not problems

    web.files[name] = bytes([*content[:-1], content[-1] ^ 1])
    text = said(survey)
    assert text.startswith(f"{survey.folder}: 1 problem\n  - {web.url(name)}: has changed since")
    assert "`make sums STUDY=trial` accepts it." in text
    now, problems = remote_list.look(survey.folder)
    assert now != before
    assert problems == [text]
    write_sums(survey.folder)
    assert remote_list.look(survey.folder) == (now, [])


def test_a_file_that_changes_while_it_is_read_is_told(
    tmp_path: Path, web: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.files["a.parquet"] = parquet(answers(2000), rows=500)
    survey = remote_study(tmp_path, web.url("a.parquet"))
    monkeypatch.setattr(read, "PIECE", 500)
    received = read.sources(survey)
    parts = received.files[0].cut(500)[2].parts()
    next(parts)
    web.files["a.parquet"] = parquet(answers(2000, seed=8), rows=500)
    with pytest.raises(
        DataError, match=r"trial: 1 problem\n  - http.*a.parquet: has changed since"
    ):
        list(parts)


def test_a_file_that_was_never_accepted_is_told(tmp_path: Path, web: Served) -> None:
    web.files["a.csv"] = raw_study.FULL.encode()
    survey = remote_study(tmp_path, web.url("a.csv"))
    assert not (survey.folder / "SHA256SUMS").exists()
    listed = (survey.folder / remote_list.FILE).read_text()
    assert listed.startswith(f'url,version\n{web.url("a.csv")},"{len(raw_study.FULL)} bytes, ')
    (survey.folder / remote_list.FILE).unlink()
    with pytest.raises(DataError, match=r"REMOTE.csv: 'http.*' is not listed. `make sums STUDY=tr"):
        Study.load(survey.folder.parent, "trial")


def test_an_error_in_the_data_names_the_url_and_the_row(tmp_path: Path, web: Served) -> None:
    web.files["a.csv"] = raw_study.FULL.replace("20,2011", "77,2011").encode()
    text = said(remote_study(tmp_path, web.url("a.csv")))
    assert f"{web.url('a.csv')}, line 3, column 'office': '77' is no agency" in text


def test_a_server_that_is_gone_is_told_with_study_and_remedy(tmp_path: Path, web: Served) -> None:
    web.files["a.csv"] = raw_study.FULL.encode()
    survey = remote_study(tmp_path, web.url("a.csv"))
    toml = survey.folder / "study.toml"
    toml.write_text(toml.read_text().replace(web.address, "http://127.0.0.1:9"))
    _, (text,) = remote_list.look(survey.folder)
    assert text.startswith(f"{survey.folder}: 1 problem\n  - http://127.0.0.1:9/a.csv: cannot be ")
    assert "Is this machine online" in text and "put a copy of the file into" in text
    with pytest.raises(DataError) as caught:
        write_sums(survey.folder)
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("status", "part"),
    [
        (404, "is not there. Correct the address"),
        (403, "may not be read (HTTP Error 403: Forbidden). Give this machine, and each worker,"),
        (500, "cannot be reached (HTTP Error 500"),
    ],
)
def test_what_a_server_refuses_is_told(status: int, part: str, tmp_path: Path, web: Served) -> None:
    web.files["a.csv"] = raw_study.FULL.encode()
    survey = remote_study(tmp_path, web.url("a.csv"))
    web.status["a.csv"] = status
    assert f"a.csv: {part}" in said(survey)


def test_a_server_that_cannot_do_what_is_needed_is_told(tmp_path: Path, web: Served) -> None:
    web.files["a.parquet"] = raw_study.written(tmp_path, ".parquet")
    survey = remote_study(tmp_path, web.url("a.parquet"))
    web.has_parts = False
    assert "hands out whole files only" in said(survey)
    web.has_versions = False
    assert "tells no version or time of change, so that" in said(survey)
    web.has_size = False
    assert "tells no size, and no version or time of change, so that" in said(survey)
    web.has_versions = True
    assert "tells no size, so that" in said(survey)
    web.has_size = True
    web.files["a.parquet"] = b""
    write_sums(survey.folder)
    assert "a.parquet: is empty." in said(Study.load(survey.folder.parent, "trial"))


def test_a_damaged_file_elsewhere_is_told(tmp_path: Path, storage: str) -> None:
    content = bytearray(parquet(answers(700), rows=60))
    content[3000:4000] = bytes(1000)
    url = put(f"{storage}/a.parquet", bytes(content))
    text = said(remote_study(tmp_path, url))
    assert f"trial: 1 problem\n  - {url}: cannot be read as Parquet" in text


@pytest.mark.parametrize(
    ("module", "url", "part"),
    [
        ("s3fs", "s3://bucket/a.csv", "s3:// is read by the Python package s3fs, which is not"),
        ("gcsfs", "gs://bucket/a.csv", f"-m pip install gcsfs fsspec=={fsspec.__version__}` inst"),
        ("fsspec", "memory://a.csv", "pip install 'betyg[remote]'` installs it"),
    ],
)
def test_a_package_that_is_missing_is_named_with_the_command(
    module: str, url: str, part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(DataError) as caught:
        remote_study(tmp_path, url)
    assert f"trial: 1 problem\n  - {url}: " in str(caught.value)
    assert part in str(caught.value)


def test_a_storage_that_nobody_knows_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gss:// is no storage that fsspec knows. Did you mean 'g"):
        remote_study(tmp_path, "gss://bucket/a.csv")


@pytest.mark.parametrize(
    ("more", "part"),
    [
        ('storage = { key = "AKIA", secret = "x" }', "'key' is a secret. Whoever reads"),
        ('storage = { client_kwargs = { aws_secret_access_key = "x" } }', "'aws_secret_access_"),
        ('storage = { password = "x" }', "'password' is a secret"),
        ('storage = { token = "ya29" }', "'token' is a secret"),
        ('storage = { sas_token = "x" }', "'sas_token' is a secret"),
        ('storage = { connection_string = "x" }', "'connection_string' is a secret"),
        ('storage = { headers = { Authorization = "x" } }', "'Authorization' is a secret"),
        ('storage = { endpoint_url = "https://me:pw@host" }', "the address holds a password"),
    ],
)
def test_a_secret_in_study_toml_is_refused(more: str, part: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        remote_study(tmp_path, "s3://bucket/a.csv", more)
    assert "study.toml, line 9 [source] storage" in str(caught.value)
    assert part in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://me:hush@host/a.csv",
        "https://hush@host/a.csv",
        "https://hush@host/export",  # its format cannot be told either
        "https://host/a.csv?X-Amz-Signature=hush",
        "https://host/a.csv?apikey=hush",
        "https://host/a.csv?Policy=hush&Key-Pair-Id=K2",
        "https://host/a.csv?token_hush",
        "https://host/a.csv#token=hush",
        "abfs://c/a.csv?sig=hush",
        "https://host/token/hush1234efgh5678/a.csv",
        "https://host/dl%2Ftoken%2Fhush1234/a.csv",
        "https://host/sig=hush/a.csv",
        "https://host/dl/hushE5gH7jK9mN1pQ2rS4tU6/a.csv",
        "https://host/s/eyJhbGciOiJIUzI1NiIsInR5cCI6.eyJzdWIiOiIxMjM0NTY3.hush/a.csv",
        "https://host/a/0123hush9f8e7d6c5b4a39281706f5e4/a.csv",
        "zip://a.csv::https://me:hush@host/x.zip",
        "simplecache::https://me:hush@host/a.csv",
        "https://me::hush@host/a.csv",
        "https://[me:hush@host/a.csv",
    ],
)
def test_a_secret_in_an_address_is_refused_and_not_repeated(url: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        remote_study(tmp_path, url)
    assert re.search(
        r"\[source\] file: (the address holds a|this is no address)", str(caught.value)
    )
    assert "hush" not in str(caught.value)
    assert not (tmp_path / "raw" / "trial" / remote_list.FILE).exists()


@pytest.mark.parametrize(
    ("file", "more"), [('"a.csv"', 'storage = "AccountKey=hush"'), ('["https://hush@host/a"]', "")]
)
def test_a_secret_of_another_type_is_not_repeated_either(
    file: str, more: str, tmp_path: Path
) -> None:
    folder = raw_study.load(tmp_path, {"a.csv": raw_study.FULL}).folder
    toml = folder / "study.toml"
    toml.write_text(toml.read_text().replace('file = "a.csv"', f"file = {file}\n{more}"))
    with pytest.raises(DataError, match="this will not do. It needs") as caught:
        Study.load(folder.parent, folder.name)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("name", ["access_key_id", "aws_access_key_id", "apiKey", "accountkey"])
def test_a_setting_that_is_a_secret_is_refused(name: str) -> None:
    assert refused({"client_kwargs": {name: "x"}}).startswith(f"'{name}' is a secret")


@pytest.mark.parametrize(
    "url",
    [
        "https://host/a.csv?year=2025&keyword=roads#page",
        "s3://bucket/keys/a.csv",
        "abfs://answers@statistics.dfs.core.windows.net/a.csv",
        "github://agency:survey@main/a.csv",
        "sftp://agency@host/a.csv",
        "https://host/dataset/3f2504e0-4f89-11d3-9a0c-0305e82c3301/download/a.csv",
        "https://raw.host/o/r/0123456789abcdef0123456789abcdef01234567/a.csv",
        "https://host/private/2012/Kundenkat2021Svar2022Final-kommuner-v2.csv",
        "https://api.host/OV0104/v1/doris/sv/ssd/BE/BE0101/BE0101A/BefolkningNy.csv",
    ],
)
def test_an_address_that_gives_nothing_away_is_taken(url: str) -> None:
    assert refused(url) == ""


@pytest.mark.parametrize(
    "url",
    ["filecache::s3://b/a.csv", "zip://a.csv::s3://b/x.zip", "simplecache::https://host/a.csv"],
)
def test_a_chain_of_storages_is_refused_and_is_elsewhere_to_data_and_build(
    url: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"\[source\] file: '::' chains storages.*Name the file i"):
        remote_study(tmp_path, url)
    (folder,) = plan.folders(tmp_path / "raw").values()
    assert folder.has_remote and is_remote(url)


def test_settings_that_give_nothing_away_are_taken() -> None:
    plain = {
        "anon": True, "requester_pays": True, "endpoint_url": "https://s3.example.org",
        "token": "anon", "account_name": "statistics", "profile": "survey",
        "client_kwargs": {"region_name": "eu-north-1"}, "keep_alive": True, "monkey": 1,
    }  # fmt: skip
    assert refused(plain) == ""


@pytest.mark.parametrize(
    ("file", "part"),
    [
        ("a.csv", "a file in the study's folder has no storage"),
        ("https://host/a.csv", "https:// takes no settings"),
    ],
)
def test_settings_without_a_storage_are_refused(file: str, part: str, tmp_path: Path) -> None:
    folder = raw_study.load(tmp_path, {"a.csv": raw_study.FULL}).folder
    toml = folder / "study.toml"
    text = toml.read_text().replace(
        'file = "a.csv"', f'file = "{file}"\nstorage = {{ anon = true }}'
    )
    toml.write_text(text)
    with pytest.raises(DataError, match=part):
        Study.load(folder.parent, folder.name)
