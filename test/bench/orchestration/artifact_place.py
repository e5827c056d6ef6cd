"""
Where the stages of Dagster and Prefect put their artifacts: a folder or, given as `s3://BUCKET/PREFIX`, a bucket. Address and
credentials of an S3 server are those of the environment (AWS_…), as for any program with boto3.
"""

from pathlib import Path


class Folder:
    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def exists(self, name: str) -> bool:
        return (self._path / name).exists()

    def read(self, name: str) -> str:
        return (self._path / name).read_text()

    def write(self, name: str, text: str) -> None:
        (self._path / name).write_text(text)


class Bucket:
    def __init__(self, bucket: str, prefix: str) -> None:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import ClientError

        # Imported once: look-ups are what is measured.
        self._refusal = ClientError
        self._bucket, self._prefix = bucket, prefix
        # As many connections as Prefect has threads.
        self._s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}, max_pool_connections=64))

    def exists(self, name: str) -> bool:
        try:
            self._s3.head_object(Bucket=self._bucket, Key=f"{self._prefix}/{name}")
        except self._refusal as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return False
            raise
        return True

    def read(self, name: str) -> str:
        return self._s3.get_object(Bucket=self._bucket, Key=f"{self._prefix}/{name}")["Body"].read().decode()

    def write(self, name: str, text: str) -> None:
        self._s3.put_object(Bucket=self._bucket, Key=f"{self._prefix}/{name}", Body=text.encode())


def open_place(place: str) -> Folder | Bucket:
    if not place.startswith("s3://"):
        return Folder(place)
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    return Bucket(bucket, prefix)
