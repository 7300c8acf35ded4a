"""Memory that packing takes does not grow with the length of a film, nor with the number of frames of a job."""

import json
import zipfile

import pytest
from film_making import settings, write_lossy
from own_process import printed_by

from stylesv.data.packed import PackedClips

SHORT, LONG = 300, 3300
# what Python keeps of small tuples for later; `zipfile` alone would keep 600 bytes a frame, 1.8 MB
MOST_BYTES = 500_000
PACKING = """
import json, sys, tracemalloc
from pathlib import Path
from stylesv.config.dataset import PackSettings
from stylesv.data.packing import pack_videos

settings, peaks = PackSettings.model_validate_json(sys.argv[1]), {}
for videos in (sys.argv[2], *sys.argv[2:]):  # the first call makes what stays
    tracemalloc.start()
    pack_videos(Path(videos), Path(videos + ".packed"), settings=settings)
    peaks[videos] = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
print(json.dumps(list(peaks.values())))
"""


@pytest.mark.parametrize("zipped", [False, True])
def test_a_film_eleven_times_as_long_takes_no_more_memory(tmp_path, zipped):
    given = []
    for length in (SHORT, LONG):
        film = write_lossy(tmp_path / str(length) / "film.mp4", length, size=(32, 32), noise=20)
        given.append(film.parent)
        if zipped:
            given[-1] = tmp_path / f"{length}.zip"
            with zipfile.ZipFile(given[-1], "w") as archive:
                archive.write(film, "film.mp4")
    short, long = json.loads(printed_by(PACKING, settings(16).model_dump_json(), *given))
    assert long - short < MOST_BYTES
    assert PackedClips(f"{given[-1]}.packed").num_frames(0) == LONG
