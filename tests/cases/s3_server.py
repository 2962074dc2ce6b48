"""An S3-compatible server on a real port, and one that accepts and says nothing."""

from __future__ import annotations

import socket
from contextlib import contextmanager

import boto3
from moto.server import ThreadedMotoServer

KEYS = {"aws_access_key_id": "key-of-tests", "aws_secret_access_key": "secret/of+tests", "region_name": "us-east-1"}
BUCKET = "helpdesk-files"


class S3Server:
    """moto with one empty bucket."""

    def __init__(self):
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        self.endpoint = "http://127.0.0.1:{1}".format(*self._server.get_host_and_port())
        self.client = boto3.client("s3", endpoint_url=self.endpoint, **KEYS)
        self.client.create_bucket(Bucket=BUCKET)

    @property
    def url(self) -> str:
        return f"s3://key-of-tests:secret%2Fof%2Btests@{BUCKET}/portal?endpoint={self.endpoint}&region=us-east-1"

    def keys(self) -> set[str]:
        found = self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return {each["Key"] for each in found}

    def empty(self) -> None:
        for key in self.keys():
            self.client.delete_object(Bucket=BUCKET, Key=key)

    def close(self) -> None:
        self._server.stop()


@contextmanager
def silent_server():
    """Give the endpoint of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
