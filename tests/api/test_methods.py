"""What a path offers is its own, not what its neighbours with an id do."""

from __future__ import annotations

from fastapi.testclient import TestClient


def test_a_path_that_is_written_out_offers_nothing_of_its_neighbours(web: TestClient) -> None:
    assert web.options("/v1/publications/current").headers["allow"] == "GET, HEAD, OPTIONS"
    assert web.delete("/v1/publications/current").status_code == 405
    assert "DELETE" in web.options("/v1/publications/publication_1").headers["allow"]
