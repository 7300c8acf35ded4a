import zipfile

import numpy as np
import pytest
import simplejpeg

from stylesv.data.video_sources import close_archive
from stylesv.errors import DataError
from stylesv.scoring.clip_sources import LooseVideos


@pytest.mark.parametrize("name", ["a.mp4", "clip/0.jpg"])
def test_a_damaged_member_is_named_with_its_zip(tmp_path, name):
    jpeg = simplejpeg.encode_jpeg(np.zeros((32, 32, 3), np.uint8))
    with zipfile.ZipFile(tmp_path / "v.zip", "w") as archive:
        archive.writestr(name, jpeg)
    path = tmp_path / "v.zip"
    path.write_bytes(path.read_bytes().replace(jpeg, jpeg[:-1] + b"x"))
    with pytest.raises(
        DataError, match=rf"v\.zip/{name.split('/')[0]}: .*cannot be unpacked \(Bad CRC-32 .*leave it out"
    ):
        LooseVideos(path, None)
    close_archive()
