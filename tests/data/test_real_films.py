"""Films of cameras, where they are at hand."""

import av
import numpy as np
from film_making import settings
from others_data import real_films
from PIL import Image

from stylesv.data.packed import PackedClips
from stylesv.data.packing import pack_videos


def test_driving_film_is_cut_into_clips_that_show_its_frames(tmp_path):
    films = real_films("driving")
    index = pack_videos(films, tmp_path / "out", settings=settings(128, max_frames=50, min_frames=25))
    assert [clip.num_frames for clip in index.clips] == [50] * 4
    assert [(entry.num_frames, entry.reason[:9]) for entry in index.dropped] == [(21, "too short")]
    clips = PackedClips(tmp_path / "out")
    clips.verify()
    (source,) = index.sources
    assert (source.width, source.height, source.num_frames, source.fps) == (960, 540, 221, 25.0)
    with av.open(str(films / source.name)) as film:
        frames = [frame.to_image() for number, frame in enumerate(film.decode(video=0)) if number in (0, 73, 199)]
    for image, number in zip(frames, (0, 73, 199), strict=True):
        small = np.asarray(image.resize((228, 128), Image.Resampling.LANCZOS))[:, 50:178].astype(float)
        packed = clips.read(number // 50, [number % 50])[0].transpose(1, 2, 0)
        assert np.sqrt(np.mean((packed - small) ** 2)) < 4, "the short side is scaled and the centre cut"


def test_sky_films_are_packed_whole(tmp_path):
    index = pack_videos(real_films("sky"), tmp_path / "out", settings=settings(64, min_frames=16))
    assert len(index.clips) == 24 and index.dropped == ()
    assert {clip.num_frames for clip in index.clips} == {32}
    PackedClips(tmp_path / "out").verify()
