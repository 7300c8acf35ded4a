"""An S3 server of its own for tests: moto's, on the loopback."""

import boto3
from moto.server import ThreadedMotoServer

BUCKET = "stylesv"


class LocalStorage:
    """The server, and questions to it; a context manager."""

    def __enter__(self) -> "LocalStorage":
        self._server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.address = f"http://{host}:{port}"
        names = ("ENDPOINT_URL", "ACCESS_KEY", "SECRET_KEY")
        values = (self.address, "any-key", "any-secret")
        self.environment = {f"SNAKEMAKE_STORAGE_S3_{name}": value for name, value in zip(names, values, strict=True)}
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def arguments(self, prefix: str) -> tuple[str, ...]:
        """Of Snakemake, to keep data and results under a prefix."""
        return ("--default-storage-provider", "s3", "--default-storage-prefix", f"s3://{BUCKET}/{prefix}")

    def results(self, prefix: str) -> dict[str, bytes]:
        """Everything that is stored of results/."""
        start = f"{prefix}/results/"
        return {
            item.key.removeprefix(start): item.get()["Body"].read()
            for item in self._bucket().objects.filter(Prefix=start)
        }

    def remove(self, prefix: str, name: str) -> None:
        """Let something that is stored be lost."""
        self._bucket().Object(f"{prefix}/{name}").delete()

    def _bucket(self):
        keys = {"aws_access_key_id": "any-key", "aws_secret_access_key": "any-secret"}
        client = boto3.resource("s3", endpoint_url=self.address, region_name="us-east-1", **keys)
        return client.Bucket(BUCKET)
