"""Small files as the paper's three data sets are published: their layouts, names and traps, with frames that tell their number.

The brightness of frame i is 20 + 5 * (i % 40), so that a frame that was cut, scaled and compressed can be told again.
"""

import io
import zipfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

SKY_FIRST = 86552
"""Number of the first frame: those of the long film."""

# id, short, frames, and which of them is cut off; ids hold - and _
SKY = (
    ("-abc_DEF-12", "-abc_DEF-12_1", 40, None),
    ("3bufRYg7qxY", "3bufRYg7qxY_1", 130, None),
    ("3bufRYg7qxY", "3bufRYg7qxY_2", 7, None),
    ("3bufRYg7qxY", "3bufRYg7qxY_3", 30, 20),
    ("rM7aPu9WV2Q", "1", 33, None),
    ("z6Yr7KDZhm0", "z6Yr7KDZhm0_1", 20, None),
)
SKY_LEDGER = {
    "-abc_DEF-12/-abc_DEF-12_1": ("ok", 40),
    "3bufRYg7qxY/3bufRYg7qxY_1": ("ok", 130),
    "3bufRYg7qxY/3bufRYg7qxY_2": ("too short", 0),
    "3bufRYg7qxY/3bufRYg7qxY_3": ("damaged", 0),
    "rM7aPu9WV2Q/1": ("ok", 33),
    "z6Yr7KDZhm0/z6Yr7KDZhm0_1": ("left out", 0),
}
"""What is to become of each folder of sky_timelapse/sky_train: status and frames."""

# id, width, height, fps, frames; the list below says other sizes of two of them
FILMS = (
    ("-dashFirst1", 96, 64, Fraction(30000, 1001), 80),
    ("portrait__2", 54, 96, Fraction(25), 80),
    ("sixtyHertz3", 96, 64, Fraction(60000, 1001), 120),
    ("halfTheSiz4", 96, 64, Fraction(25), 80),
    ("cutShortFi5", 96, 64, Fraction(25), 50),
)
TABLE = """\
video_id,start,end,bbox,fps,width,height,partition
-dashFirst1,10,40,16-0-80-64,29.97,96,64,train
-dashFirst1,40,70,0-0-64-64,29.97,96,64,train
portrait__2,5,35,0-20-54-74,25.0,54,96,train
sixtyHertz3,30,90,16-0-80-64,59.94,96,64,train
halfTheSiz4,20,50,32-0-160-128,25.0,192,128,train
cutShortFi5,0,30,16-0-80-64,25.0,96,64,train
cutShortFi5,40,70,16-0-80-64,25.0,96,64,train
isNotThere6,0,40,16-0-80-64,25.0,96,64,train
-dashFirst1,0,30,10-0-90-64,29.97,96,64,train
otherFilm_7,0,40,16-0-80-64,25.0,96,64,test
"""
"""As taichi-metadata.csv; the last row but one has a box that is not square."""
TAICHI_LEDGER = {
    "-dashFirst1#000010#000040": ("ok", 30),
    "-dashFirst1#000040#000070": ("ok", 30),
    "portrait__2#000005#000035": ("ok", 30),
    "sixtyHertz3#000030#000090": ("ok", 60),
    "halfTheSiz4#000020#000050": ("ok", 30),
    "cutShortFi5#000000#000030": ("ok", 30),
    "cutShortFi5#000040#000070": ("short", 0),
    "isNotThere6#000000#000040": ("gone", 0),
    "-dashFirst1#000000#000030": ("ok", 30),
}

DRIVING_LEDGER = {
    "newytb/a/00000000-00000020": ("ok", 20),
    "newytb/a/00000020-00000040": ("ok", 20),
    "newytb/a/00000040-00000064": ("ok", 24),
    "newytb/b/00000000-00000017": ("ok", 17),
    "newytb/b/00000017-00000036": ("ok", 19),
}
"""Two hard cuts in a; a missing number in b, after its 17th frame."""


def brightness(number: int) -> int:
    return 20 + 5 * (number % 40)


def number_of(frame: np.ndarray) -> int:
    """The number, modulo 40, of a frame that is bright evenly."""
    return round((float(frame.mean()) - 20) / 5)


def even(number: int, width: int, height: int) -> np.ndarray:
    return np.full((height, width, 3), brightness(number), np.uint8)


def write_sky(folder: Path, *, folder_entries: bool = True) -> Path:
    """sky_timelapse.zip."""
    path = folder / "sky_timelapse.zip"
    with zipfile.ZipFile(path, "w") as archive:
        if folder_entries:
            for name in ("sky_timelapse/", "sky_timelapse/sky_train/", "sky_timelapse/sky_train/emptyFolder/"):
                archive.writestr(name, b"")
        archive.writestr("sky_timelapse/sky_train/.DS_Store", b"\0\0\0\1Bud1")
        for long, short, length, broken in SKY:
            for number in range(length):
                content = _jpeg(even(number, 64, 36))
                content = content[: len(content) // 2] if number == broken else content
                name = f"{long}_frames_{SKY_FIRST + number:08d}.jpg"
                archive.writestr(f"sky_timelapse/sky_train/{long}/{short}/{name}", content)
        for number in range(20):
            archive.writestr(
                f"sky_timelapse/sky_test/tttt/tttt_1/tttt_frames_{number:08d}.jpg", _jpeg(even(number, 64, 36))
            )
    return path


def write_taichi(folder: Path) -> Path:
    """Table and films; the one that is not there is missing."""
    for name, width, height, fps, length in FILMS:
        with av.open(str(folder / f"{name}.mp4"), "w") as film:
            stream = film.add_stream("libx264", rate=fps, options={"crf": "12", "threads": "1"})
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            for number in range(length):
                film.mux(stream.encode(av.VideoFrame.from_ndarray(even(number, width, height), format="rgb24")))
            film.mux(stream.encode(None))
    (folder / "taichi-metadata.csv").write_text(TABLE)
    return folder / "taichi-metadata.csv"


def write_driving(folder: Path) -> list[Path]:
    """segaa, segab, segac, which join to a zip of frames; and meta.txt."""
    content, lines = io.BytesIO(), []
    rng = np.random.default_rng(0)
    scenes = [np.kron(rng.integers(0, 256, (4, 6, 3)), np.ones((18, 21, 1))).astype(np.uint8) for _ in range(4)]
    with zipfile.ZipFile(content, "w") as archive:
        for top, lengths, missing in (("a", (20, 20, 24), None), ("b", (37,), 17)):
            shown = [scenes[number + (3 if top == "b" else 0)] for number, n in enumerate(lengths) for _ in range(n)]
            for number, scene in enumerate(shown):
                if number != missing:
                    moved = np.roll(scene, number, axis=1)  # the camera moves
                    archive.writestr(f"newytb/{top}/{number}.jpg", _jpeg(moved))
                lines.append(f"{top}/{number}.jpg 0.{number}")
    whole = content.getvalue()
    third = len(whole) // 3 + 1
    parts = []
    for number, name in enumerate(("segaa", "segab", "segac")):
        parts.append(folder / name)
        parts[-1].write_bytes(whole[number * third : (number + 1) * third])
    (folder / "meta.txt").write_text("\n".join(lines) + "\n")
    return parts


def _jpeg(pixels: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "JPEG", quality=95, subsampling=0)
    return content.getvalue()
