"""The golden vectors' archives: in those with colours each picture tells its video and its frame."""

import io
import zipfile
from pathlib import Path

from golden_folder import find_vectors
from PIL import Image


def pictures_in(archive: Path) -> list[bytes]:
    """Its pictures, in the order of the zip."""
    with zipfile.ZipFile(archive) as members:
        return [members.read(name) for name in members.namelist() if name.endswith(".png")]


def colour_archives(golden_dir: Path) -> list[Path]:
    """Archives of pictures in colour; grey ones tell only the video."""
    archives = find_vectors(golden_dir, "dataset/*.zip")
    return [path for path in archives if all(Image.open(io.BytesIO(one)).mode != "L" for one in pictures_in(path))]


def place_of(picture: bytes) -> tuple[int, int]:
    """Video and frame that a picture tells: R is the video, G and B the frame."""
    red, green, blue = Image.open(io.BytesIO(picture)).convert("RGB").getpixel((11, 11))
    return red, green + 256 * blue
